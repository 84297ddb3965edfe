import { hash } from 'node:crypto';

/** Something that stands on a receipt of a warehouse, in the order of the file. */
export type ReceiptLine = { readonly warehouse: string; readonly receipt: string };

/** Lines that were rung up together, under an id of their own. */
export type Receipt<Line extends ReceiptLine> = {
  readonly warehouse: string;
  /** The number in the file; `536365#2` when the same number came again after others. */
  readonly id: string;
  readonly lines: readonly Line[];
};

/**
 * Groups neighbouring lines of one receipt. A number that comes again after others is another receipt with an id of its
 * own: waiting for late lines would mean reading the whole file first, and a till that has sent a receipt cannot add to it.
 * The same file always gives the same ids, so a second replay repeats the first instead of adding to it (P9).
 */
export async function* receiptsOf<Line extends ReceiptLine>(lines: AsyncIterable<Line>): AsyncGenerator<Receipt<Line>> {
  const appearances = new Appearances();
  let open: Line[] = [];
  for await (const line of lines) {
    const first = open[0];
    if (first && (first.receipt !== line.receipt || first.warehouse !== line.warehouse)) {
      yield closed(open, appearances);
      open = [];
    }
    open.push(line);
  }
  if (open.length > 0) yield closed(open, appearances);
}

function closed<Line extends ReceiptLine>(lines: readonly Line[], appearances: Appearances): Receipt<Line> {
  const [{ warehouse, receipt } = { warehouse: '', receipt: '' }] = lines;
  const appearance = appearances.next(`${warehouse}\n${receipt}`);
  return { warehouse, id: appearance === 1 ? receipt : `${receipt}#${appearance}`, lines };
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
