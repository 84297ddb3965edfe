import { hash } from 'node:crypto';

/** Something that stands on a receipt of a warehouse, in the order of the file. */
export type ReceiptLine = { readonly warehouse: string; readonly receipt: string };

/** A line that cannot be recorded. Its receipt is '' and its warehouse undefined where the file does not say. */
export type BadLine = { readonly isBad: true; readonly receipt: string; readonly warehouse: string | undefined };

/** Lines that were rung up together, under an id of their own. */
export type Receipt<Line extends ReceiptLine> = {
  readonly warehouse: string;
  /** The number in the file; `536365#2` when the same number came again after others. */
  readonly id: string;
  /** Without the bad ones. */
  readonly lines: readonly Line[];
  /** A bad line is on it, or may be. */
  readonly isRefused: boolean;
};

/**
 * Groups neighbouring lines of one receipt. A number that comes again after others is another receipt with an id of its
 * own: waiting for late lines would mean reading the whole file first, and a till that has sent a receipt cannot add to it.
 * The same file always gives the same ids, so a second replay repeats the first instead of adding to it (P9), and so does the
 * file in which bad lines were corrected: they are on receipts here as well. One without a number may be of the receipt
 * before it or of the one after it, and refuses both.
 */
export async function* receiptsOf<Line extends ReceiptLine>(
  lines: AsyncIterable<Line | BadLine>,
): AsyncGenerator<Receipt<Line>> {
  const appearances = new Appearances();
  let open: OpenReceipt<Line> | undefined;
  let isAfterNumberless = false;
  for await (const line of lines) {
    if (line.receipt === '' && 'isBad' in line) {
      open?.refuse();
      isAfterNumberless = true;
      continue;
    }
    if (!open?.isOf(line)) {
      if (open) yield open.closed(appearances);
      open = new OpenReceipt(line.receipt);
    }
    open.add(line);
    if (isAfterNumberless) open.refuse();
    isAfterNumberless = false;
  }
  if (open) yield open.closed(appearances);
}

/** A receipt of which more lines may come. */
class OpenReceipt<Line extends ReceiptLine> {
  readonly #receipt: string;
  /** Undefined while only lines have come that do not say it. */
  #warehouse: string | undefined;
  readonly #lines: Line[] = [];
  #isRefused = false;

  constructor(receipt: string) {
    this.#receipt = receipt;
  }

  /** A line that does not say its warehouse is taken to be of the receipt whose number it has. */
  isOf({ receipt, warehouse }: Line | BadLine): boolean {
    const isSameWarehouse = warehouse === undefined || this.#warehouse === undefined || warehouse === this.#warehouse;
    return receipt === this.#receipt && isSameWarehouse;
  }

  add(line: Line | BadLine): void {
    this.#warehouse ??= line.warehouse;
    if ('isBad' in line) this.refuse();
    else this.#lines.push(line);
  }

  refuse(): void {
    this.#isRefused = true;
  }

  closed(appearances: Appearances): Receipt<Line> {
    const [warehouse, receipt] = [this.#warehouse ?? '', this.#receipt];
    const appearance = appearances.next(`${warehouse}\n${receipt}`);
    const id = appearance === 1 ? receipt : `${receipt}#${appearance}`;
    return { warehouse, id, lines: this.#lines, isRefused: this.#isRefused };
  }
}

/**
 * How often each number has come. It holds 48 bits of a digest for those that came once, which is nearly all of them, so that
 * a year of receipts costs megabytes; two numbers with the same digest would only get a suffix that they did not need.
 */
class Appearances {
  readonly #once = new Set<number>();
  readonly #more = new Map<string, number>();

  next(key: string): number {
    const more = this.#more.get(key);
    if (more === undefined && !this.#once.has(digestOf(key))) {
      this.#once.add(digestOf(key));
      return 1;
    }
    const appearance = (more ?? 1) + 1;
    this.#more.set(key, appearance);
    return appearance;
  }
}

function digestOf(key: string): number {
  return hash('sha256', key, 'buffer').readUIntBE(0, 6);
}
