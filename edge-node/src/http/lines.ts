import type { Sku } from '@edgestock/shared/inventory/ids';
import type { MovementKind } from '@edgestock/shared/inventory/movement';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { ProblemItem } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import type { CountLine, MovementLine } from '../ledger/command.ts';
import type { StockView } from '../ledger/view.ts';
import { barcode, condition, counted, date, quantity, reason, sequence, serials, sku, text } from './fields.ts';
import { refuseItems } from './problems.ts';
import { type ScannedItem, scannedItem } from './scanned-item.ts';
import { keptText, unreadableSku } from './unreadable-barcode.ts';

/** A line of `POST /v1/movements`. */
export const movementLine = z.strictObject({
  sku: sku.exactOptional(),
  barcode: barcode.exactOptional(),
  quantity,
  bin: text.exactOptional(),
  lot: text.exactOptional(),
  expiry: date.exactOptional(),
  condition: condition.exactOptional(),
  toBin: text.exactOptional(),
  toCondition: condition.exactOptional(),
  serials: serials.exactOptional(),
  reason: reason.exactOptional(),
});

/** A line of a sale or a return: what a till knows. */
export const tillLine = movementLine.omit({ toBin: true, toCondition: true });

/** A line of `POST /v1/counts`. */
export const countLine = z.strictObject({
  sku: sku.exactOptional(),
  barcode: barcode.exactOptional(),
  counted,
  bin: text.exactOptional(),
  lot: text.exactOptional(),
  condition: condition.exactOptional(),
  atSequence: sequence.exactOptional(),
});

type Named<Line extends { readonly sku: Sku }> = Omit<Line, 'sku'> & { readonly sku?: Sku; readonly barcode?: string };
type Scanned = Exclude<ScannedItem, { outcome: 'unreadable' }>;
type Deps = {
  readonly view: StockView;
  readonly clock: Clock;
  readonly limits: { readonly problemsListedMax: number };
};

/** A barcode read as far as it can be. */
type Reader<Line extends { readonly sku: Sku }> = {
  readonly scan: (line: Named<Line>, scanned: Scanned) => Line;
  /** What a line is whose barcode cannot be read; without it, the line is refused. */
  readonly unreadable?: (line: Named<Line>, barcode: string) => Line;
};

/**
 * The lines as the ledger takes them, every barcode looked up; refuses with every line that cannot be told. Goods that went
 * over the counter are a fact, whatever was scanned (P4): of sales and returns no barcode is refused.
 */
export function movementLines(
  lines: readonly Named<MovementLine>[],
  deps: Deps & { readonly kind: MovementKind },
): readonly MovementLine[] {
  const scan: Reader<MovementLine>['scan'] = ({ barcode: _, ...line }, scanned) => {
    const units = line.quantity * scanned.multiple;
    return { ...labelled(line, units, scanned), sku: scanned.sku, quantity: units };
  };
  if (deps.kind !== 'sale' && deps.kind !== 'return') return resolved(lines, deps, { scan });
  return resolved(lines, deps, {
    scan,
    unreadable: ({ barcode: _, ...line }, barcode) => ({
      ...line,
      sku: unreadableSku(barcode),
      unreadableBarcode: keptText(barcode),
    }),
  });
}

/** The same for a count: 3 cases of 12 were seen, so 36 units. */
export function countLines(lines: readonly Named<CountLine>[], deps: Deps): readonly CountLine[] {
  return resolved(lines, deps, {
    scan: ({ barcode: _, ...line }, scanned) => {
      const lot = line.lot ?? scanned.reading.lot;
      return {
        ...line,
        sku: scanned.sku,
        counted: line.counted * scanned.multiple,
        ...(lot === undefined ? {} : { lot }),
      };
    },
  });
}

/** What the label says and the sender did not. An expiry needs its lot, and a serial is one unit's. */
function labelled(line: Omit<MovementLine, 'sku'>, units: number, { reading }: Scanned): Omit<MovementLine, 'sku'> {
  const lot = line.lot ?? reading.lot;
  const expiry = line.expiry ?? (lot === reading.lot ? reading.expiry : undefined);
  const labelSerials = Math.abs(units) === 1 && reading.serial !== undefined ? [reading.serial] : undefined;
  const lineSerials = line.serials ?? labelSerials;
  return {
    ...line,
    ...(lot === undefined ? {} : { lot }),
    ...(expiry === undefined || lot === undefined ? {} : { expiry }),
    ...(lineSerials === undefined ? {} : { serials: lineSerials }),
  };
}

function resolved<Line extends { readonly sku: Sku }>(
  lines: readonly Named<Line>[],
  deps: Deps,
  reader: Reader<Line>,
): readonly Line[] {
  const problems: ProblemItem[] = [];
  const known = lines.flatMap((line, index): Line[] => {
    const one = resolvedLine(line, index, deps, reader);
    if ('sku' in one) return [one];
    problems.push(one);
    return [];
  });
  return problems.length > 0 ? refuseItems(problems, deps.limits.problemsListedMax) : known;
}

function resolvedLine<Line extends { readonly sku: Sku }>(
  line: Named<Line>,
  index: number,
  deps: Deps,
  { scan, unreadable }: Reader<Line>,
): Line | ProblemItem {
  const place = { line: index, path: `lines.${index}` };
  if (line.barcode === undefined) {
    if (isNamed(line)) return line;
    return { ...place, code: 'sku-or-barcode', message: 'a line names its item by sku or by barcode, and has neither' };
  }
  if (line.sku !== undefined) {
    return { ...place, code: 'sku-or-barcode', message: 'a line names its item by sku or by barcode, not by both' };
  }
  const scanned = scannedItem(line.barcode, deps);
  if (scanned.outcome !== 'unreadable') return scan(line, scanned);
  if (unreadable !== undefined) return unreadable(line, line.barcode);
  const message = `the barcode cannot be read: ${scanned.message}. ${scanned.hint}`;
  return { ...place, code: 'barcode-unreadable', message, path: `lines.${index}.barcode` };
}

function isNamed<Line extends { readonly sku: Sku }>(line: Named<Line>): line is Named<Line> & Line {
  return line.sku !== undefined;
}
