import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { conditions, reasons } from '@edgestock/shared/inventory/movement';
import { isLineQuantity, isQuantity, LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { described } from '@edgestock/shared/runtime/sentence';
import { z } from 'zod';
import { httpLimits, reservationLimits } from '../limits.ts';

/**
 * The fields of request bodies. Each refuses with one sentence that says what is due and what came instead; what a command
 * may mean beyond its form is the ledger's to say. Parsing a sale costs 2 µs with these, JSON.parse included, of the 100 µs or
 * so that a sale takes: a hand-written parser would buy nothing.
 */
export function field<T>(code: string, due: string, accepts: (value: unknown) => boolean) {
  return z.custom<T>(accepts, {
    error: (issue) => `must be ${due}, not ${described(issue.input)}`,
    params: { code },
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused
const TEXT_REFUSED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;

function isText(value: unknown, charsMax: number): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= charsMax &&
    value.isWellFormed() &&
    !TEXT_REFUSED.test(value)
  );
}

const { textCharsMax, noteCharsMax, barcodeCharsMax, serialsPerLineMax, linesMax } = httpLimits;

export const sku = field<Sku>(
  'sku-malformed',
  'a SKU: text of 1 to 64 characters without commas, control characters or outer spaces',
  (value) => typeof value === 'string' && parseSku(value) !== undefined,
);

/** Anything a scanner may send, group separators included; `readScan` judges it. */
export const barcode = field<string>(
  'barcode-malformed',
  `a barcode: text of 1 to ${barcodeCharsMax} characters`,
  (value) => typeof value === 'string' && value.length > 0 && value.length <= barcodeCharsMax && value.isWellFormed(),
);

export const text = field<string>(
  'text-malformed',
  `text of 1 to ${textCharsMax} characters without control characters (leave the field out where there is none)`,
  (value) => isText(value, textCharsMax),
);

/** The caller's name for a document, which is asked for by it: `.` and `..` are steps of a path, and would never get here. */
export const documentId = text.refine((id) => id !== '.' && id !== '..', {
  error: (issue) => `cannot be ${described(issue.input)}, which no path can name`,
  params: { code: 'id-malformed' },
});

export const note = field<string>(
  'note-malformed',
  `text of 1 to ${noteCharsMax} characters without control characters`,
  (value) => isText(value, noteCharsMax),
);

/** Whether its sign fits the kind is the ledger's to say. */
export const quantity = field<number>(
  'quantity-invalid',
  `a whole number of units other than 0, at most ${LINE_QUANTITY_MAX}`,
  isLineQuantity,
);

export const counted = field<number>(
  'counted-invalid',
  `a whole number of units from 0 to ${LINE_QUANTITY_MAX}`,
  (value) => isQuantity(value) && value >= 0 && value <= LINE_QUANTITY_MAX,
);

export const sequence = field<number>(
  'sequence-invalid',
  'a sequence of the log: a whole number from 0',
  (value) => isQuantity(value) && value >= 0,
);

export const ttlSeconds = field<number>(
  'ttl-invalid',
  `a whole number of seconds from 1 to ${reservationLimits.ttlSecondsMax} (14 days)`,
  (value) => isQuantity(value) && value >= 1 && value <= reservationLimits.ttlSecondsMax,
);

export const warehouse = field<WarehouseId>(
  'warehouse-malformed',
  'a warehouse id: 1 to 32 letters, digits, _ or -',
  (value) => typeof value === 'string' && parseWarehouseId(value) !== undefined,
);

export const flag = field<boolean>('flag-invalid', 'true or false', (value) => typeof value === 'boolean');

export const date = field<string>('expiry-invalid', 'a date, YYYY-MM-DD', isDate);
export const condition = oneOf('condition-unknown', conditions);
export const reason = oneOf('reason-unknown', reasons);

export const serials = field<readonly string[]>(
  'serials-malformed',
  `1 to ${serialsPerLineMax} serials, each text of 1 to ${textCharsMax} characters, ${httpLimits.serialsBytesMax} bytes together`,
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= serialsPerLineMax &&
    value.every((serial) => isText(serial, textCharsMax)) &&
    Buffer.byteLength(value.join('')) <= httpLimits.serialsBytesMax,
);

/** A moment by the reporter's clock: with its zone, because a time without one names 25 moments of a day. Becomes milliseconds since 1970 UTC. */
export const moment = field<string | number>(
  'time-malformed',
  'a time with its zone (2026-03-29T01:30:00+01:00 or …Z), or whole milliseconds since 1970',
  (value) => millisecondsOf(value) !== undefined,
).transform((value) => millisecondsOf(value) ?? 0);

/** The lines of a body. */
export function linesOf<Line extends z.ZodType>(line: Line) {
  return z
    .array(line, { error: (issue) => `must be a list of 1 to ${linesMax} lines, not ${described(issue.input)}` })
    .min(1, `must have at least one line`)
    .max(linesMax, `may have ${linesMax} lines: send the rest in another request`);
}

export function oneOf<const Names extends readonly string[]>(code: string, names: Names) {
  return field<Names[number]>(code, `one of ${names.join(', ')}`, (value) => names.some((name) => name === value));
}

function isDate(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const milliseconds = Date.parse(`${value}T00:00:00Z`);
  // The 30th of February parses as a day of March.
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(value);
}

const ZONED_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;
/** The year 9999: beyond it a time is a mistake, and its ISO form is another. */
const TIME_MS_MAX = 253_402_300_799_999;

function millisecondsOf(value: unknown): number | undefined {
  const milliseconds = typeof value === 'string' && ZONED_TIME.test(value) ? Date.parse(value) : value;
  const isMoment = isQuantity(milliseconds) && milliseconds >= 0 && milliseconds <= TIME_MS_MAX;
  return isMoment ? milliseconds : undefined;
}
