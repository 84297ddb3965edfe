/** An ordinary terminal has 80 columns, and the last one stays free: a cursor behind it would wrap. */
export const LINE_CHARS_MAX = 79;
const SEPARATOR = ' | ';
/** What the names of cut links, and a SKU, may take of the line: two links and a SKU of the demo in full. */
const CUT_NAMES_CHARS_MAX = 16;
const SKU_CHARS_MAX = 12;

export type LiveFigures = {
  readonly sku: string;
  /** Units at central; `undefined` before its first answer. */
  readonly available: number | undefined;
  readonly cutWarehouses: readonly string[];
  readonly linkCount: number;
  readonly salesPerSecond: number;
  /** How long until a sale is seen at central; `undefined` before the first sample. */
  readonly lagMs: { readonly p50: number | undefined; readonly p99: number | undefined };
};

/** What the parts of `liveLine` mean, for whoever has just started it. */
export function legendOf(sku: string): string {
  return `Below: ${shortened(sku)} at central | links | sales/s | ms until central has a sale`;
}

/**
 * One line of at most `LINE_CHARS_MAX` characters. What a cut changes stands first; what does not fit is left out whole from
 * the end, since half a figure would be a wrong one.
 */
export function liveLine({ sku, available, salesPerSecond, lagMs, ...links }: LiveFigures): string {
  const parts = [
    `${shortened(sku)}: ${available ?? '-'} available`,
    linksOf(links),
    `${salesPerSecond} sales/s`,
    `p50 ${whole(lagMs.p50)}, p99 ${whole(lagMs.p99)} ms`,
  ];
  while (parts.join(SEPARATOR).length > LINE_CHARS_MAX) parts.pop();
  return parts.join(SEPARATOR);
}

function linksOf({ cutWarehouses, linkCount }: Pick<LiveFigures, 'cutWarehouses' | 'linkCount'>): string {
  if (cutWarehouses.length === 0) return 'all links up';
  const names = `cut: ${cutWarehouses.join(', ')}`;
  return names.length <= CUT_NAMES_CHARS_MAX ? names : `${cutWarehouses.length} of ${linkCount} cut`;
}

function shortened(sku: string): string {
  return sku.length <= SKU_CHARS_MAX ? sku : `${sku.slice(0, SKU_CHARS_MAX - 1)}…`;
}

function whole(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '-' : String(Math.round(milliseconds));
}
