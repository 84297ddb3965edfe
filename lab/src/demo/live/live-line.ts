/** An ordinary terminal has 80 columns, and the last one stays free: a cursor behind it would wrap. */
export const LINE_CHARS_MAX = 79;
const SEPARATOR = ' | ';
/** What the names of cut links, and a SKU, may take of the line: a link and a SKU of the demo in full. */
const CUT_NAMES_CHARS_MAX = 12;
const SKU_CHARS_MAX = 8;
/** Larger numbers are shown in thousands, millions, ... */
const PLAIN_MAX = 9_999;
const scales = ['k', 'M', 'G', 'T', 'P'] as const;

/** Units that the storefront was promised and that tills sold, requests that got a clean no, and units promised twice. */
export type PromiseFigures = {
  readonly promised: number;
  readonly sold: number;
  readonly refused: number;
  readonly oversold: number;
};

export type LiveFigures = {
  readonly sku: string;
  /** Units at central; `undefined` before its first answer. */
  readonly available: number | undefined;
  readonly cutWarehouses: readonly string[];
  readonly linkCount: number;
  readonly promises: PromiseFigures;
};

/** What the parts of `liveLine` mean, for whoever has just started it. */
export function legendOf(sku: string): string {
  return `Below: ${shortened(sku)} at central | links | units promised and sold, carts refused`;
}

/**
 * One line of at most `LINE_CHARS_MAX` characters. What central has, and whether a promise was one too many, always fits; the
 * links are left out whole where they do not, since half a figure would be a wrong one.
 */
export function liveLine({ sku, available, promises, ...links }: LiveFigures): string {
  const stock = `${shortened(sku)}: ${short(available)}`;
  const { promised, sold, refused, oversold } = promises;
  const kept = `promised ${short(promised)} sold ${short(sold)} refused ${short(refused)} oversold ${short(oversold)}`;
  const line = [stock, linksOf(links), kept].join(SEPARATOR);
  return line.length > LINE_CHARS_MAX ? [stock, kept].join(SEPARATOR) : line;
}

function linksOf({ cutWarehouses, linkCount }: Pick<LiveFigures, 'cutWarehouses' | 'linkCount'>): string {
  if (cutWarehouses.length === 0) return 'all links up';
  const names = `cut: ${cutWarehouses.join(', ')}`;
  return names.length <= CUT_NAMES_CHARS_MAX ? names : `${cutWarehouses.length} of ${linkCount} cut`;
}

function shortened(sku: string): string {
  return sku.length <= SKU_CHARS_MAX ? sku : `${sku.slice(0, SKU_CHARS_MAX - 1)}…`;
}

/** At most five characters, the sign among them, rounded towards zero: 9999, 10k, -21T. */
function short(count: number | undefined): string {
  if (count === undefined) return '-';
  let [rest, unit] = [count, ''];
  for (const scale of scales) {
    if (Math.abs(rest) <= (unit === '' ? PLAIN_MAX : 999)) break;
    [rest, unit] = [Math.trunc(rest / 1_000), scale];
  }
  return `${rest}${unit}`;
}
