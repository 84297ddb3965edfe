import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { isLineQuantity, LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { described } from '@edgestock/shared/runtime/sentence';
import { z } from 'zod';
import { type Channel, parseChannel } from '../rules/channel.ts';
import { apiLimits } from './limits.ts';

/** The fields of request bodies. Each refuses with one sentence that says what is due and what came instead. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused
const TEXT_REFUSED = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;
/** Fit for a path, a document and the beginning of a task's id. */
const PROMISE_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/;

export function isPromiseId(text: string): boolean {
  return PROMISE_ID_PATTERN.test(text);
}

const sku = field<Sku>(
  'sku-malformed',
  'a SKU: text of 1 to 64 characters without commas, control characters or outer spaces',
  (value) => typeof value === 'string' && parseSku(value) !== undefined,
);

const warehouse = field<WarehouseId>(
  'warehouse-malformed',
  'a warehouse id: 1 to 32 letters, digits, hyphens and underscores',
  (value) => typeof value === 'string' && parseWarehouseId(value) !== undefined,
);

/** Text without control characters, of at most so many characters. */
function text(charsMax: number) {
  return field<string>(
    'text-malformed',
    `text of 1 to ${charsMax} characters without control characters`,
    (value) =>
      typeof value === 'string' &&
      value.length > 0 &&
      value.length <= charsMax &&
      value.isWellFormed() &&
      !TEXT_REFUSED.test(value),
  );
}

const quantity = wholeNumber('quantity-invalid', 1, LINE_QUANTITY_MAX, 'units');
const units = wholeNumber('units-invalid', 0, LINE_QUANTITY_MAX, 'units');

export const fields = {
  sku,
  warehouse,
  quantity,
  units,
  percent: wholeNumber('percent-invalid', 0, 100, 'percent'),
  priority: wholeNumber('priority-invalid', 0, apiLimits.priorityMax, 'steps'),
  ttlSeconds: wholeNumber('ttl-invalid', 1, apiLimits.ttlSecondsMax, 'seconds'),
  multiple: wholeNumber('multiple-invalid', 1, apiLimits.barcodeMultipleMax, 'units'),
  text: text(apiLimits.textCharsMax),
  itemName: text(apiLimits.itemNameCharsMax),
  barcode: text(apiLimits.barcodeCharsMax),
  promiseId: field<string>(
    'id-malformed',
    'an id: 1 to 64 letters, digits, dots, hyphens, underscores and tildes, the first a letter or digit',
    (value) => typeof value === 'string' && isPromiseId(value),
  ),
  channel: field<Channel>(
    'channel-malformed',
    'a channel id: 1 to 32 lower-case letters, digits and hyphens',
    (value) => typeof value === 'string' && parseChannel(value) !== undefined,
  ),
  /** May name a SKU several times: the demand is summed before it is checked, and bounded as one line is. */
  lines: listOf(z.strictObject({ sku, quantity }), 'lines').superRefine(boundSums),
} as const;

/** A list of 1 to as many as one request may have. */
export function listOf<Item extends z.ZodType>(item: Item, name: string) {
  const { linesMax } = apiLimits;
  return z
    .array(item, { error: (issue) => `must be a list of 1 to ${linesMax} ${name}, not ${described(issue.input)}` })
    .min(1, 'must have at least one entry')
    .max(linesMax, `may have ${linesMax} ${name}: send the rest in another request`);
}

/** The same, each entry the whole of what is said of its SKU: one that comes twice is refused, for only one of the two could count. */
export function listOfSkus<Item extends z.ZodType<{ readonly sku: Sku }>>(item: Item, name: string) {
  return listOf(item, name).superRefine((entries, context) => {
    const places = new Map<Sku, number>();
    for (const [place, entry] of entries.entries()) {
      const first = places.get(entry.sku);
      if (first === undefined) places.set(entry.sku, place);
      else {
        const message = `${entry.sku} is entry ${first} of ${name} already: name each SKU once`;
        context.addIssue({ code: 'custom', path: [place, 'sku'], message, params: { code: 'sku-twice' } });
      }
    }
  });
}

/** All warehouses, or those that are listed. */
export function allOr<List extends z.ZodType<readonly WarehouseId[]>>(list: List) {
  return z.union([z.literal('all'), list], {
    error: (issue) => {
      // Of a list it is told what is wrong in it.
      const within = Array.isArray(issue.input) ? list.safeParse(issue.input).error?.issues[0] : undefined;
      if (within === undefined) return `must be all or a list of warehouse ids, not ${described(issue.input)}`;
      const [place] = within.path;
      return place === undefined
        ? within.message
        : `must be a list of warehouse ids: entry ${String(place)} ${within.message}`;
    },
  });
}

/** Each SKU becomes one line of a reservation, an order and its task, which no node takes beyond the bound of a line. */
function boundSums(lines: readonly { readonly sku: Sku; readonly quantity: number }[], context: z.RefinementCtx): void {
  const units = new Map<Sku, number>();
  for (const [place, { sku, quantity }] of lines.entries()) {
    const before = units.get(sku) ?? 0;
    // What is no quantity has its own fault already.
    const sum = before + (isLineQuantity(quantity) ? quantity : 0);
    units.set(sku, sum);
    if (before > LINE_QUANTITY_MAX || sum <= LINE_QUANTITY_MAX) continue;
    const message = `makes ${sum} units of ${sku} with the lines before it: one request may have ${LINE_QUANTITY_MAX} of a SKU`;
    context.addIssue({ code: 'custom', path: [place, 'quantity'], message, params: { code: 'quantity-invalid' } });
  }
}

function wholeNumber(code: string, min: number, max: number, unit: string) {
  return field<number>(
    code,
    `a whole number of ${unit} from ${min} to ${max}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  );
}

function field<T>(code: string, due: string, accepts: (value: unknown) => boolean) {
  return z.custom<T>(accepts, {
    error: (issue) => `must be ${due}, not ${described(issue.input)}`,
    params: { code },
  });
}
