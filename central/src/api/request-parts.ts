import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { type ProblemKind, refuse } from '@edgestock/shared/runtime/problem';
import { shortened } from '@edgestock/shared/runtime/sentence';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import { type Channel, DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { ApiContext } from './doors.ts';
import { isPromiseId } from './fields.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';

/** What requests are made of, parsed where they come in. Whatever cannot be meant is refused with its name. */

const NO_PARAMETERS: Parameters = {};
export type Parameters = Readonly<Record<string, readonly string[]>>;

/** The query string. A name that the route does not know is refused, and one that stands twice unless it is among `lists`: a misspelt filter would be ignored in silence. */
export function parametersOf({ req }: ApiContext, names: readonly string[], lists: readonly string[] = []): Parameters {
  // Most reads have none, and parsing the address again costs as much as looking up the answer.
  if (!req.url.includes('?')) return NO_PARAMETERS;
  const parameters = req.queries();
  const unknown = Object.keys(parameters).filter((name) => !names.includes(name));
  if (unknown.length === 0) {
    const repeated = names.find((name) => (parameters[name]?.length ?? 0) > 1 && !lists.includes(name));
    if (repeated === undefined) return parameters;
    return refuse(
      problems.invalidRequest,
      `${quoted(repeated)} stands ${parameters[repeated]?.length} times: name it once.`,
    );
  }
  const known = names.length === 0 ? 'This route takes none.' : `Known here: ${names.join(', ')}.`;
  return refuse(problems.invalidRequest, `${quoted(unknown.join(', '))} is not a parameter. ${known}`);
}

/**
 * A request header, from the connection where there is one: making the platform's `Headers` of all of them, for the sake
 * of one, costs as much as the rest of an answer from memory.
 */
export function headerOf({ env, req }: ApiContext, name: string): string | undefined {
  const incoming = env?.incoming;
  if (incoming === undefined) return req.header(name);
  const value = incoming.headers[name];
  return typeof value === 'string' ? value : undefined;
}

export function skuOf(text: string): Sku {
  return (
    parseSku(text) ??
    refuse(
      problems.malformedSku,
      `${quoted(text)} cannot be a SKU: 1 to 64 characters, no comma, no control characters, no outer spaces.`,
    )
  );
}

/** Which page of a listing by SKU is meant: what comes behind `after`, at most `limit`. */
export type SkuPage = { readonly after: Sku | undefined; readonly limit: number };

export function skuPageOf(parameters: Parameters, limitMax: number): SkuPage {
  const limit = wholeNumberOf(parameters, { name: 'limit', min: 1, max: limitMax, absent: apiLimits.stockPageDefault });
  const after = parameters.after?.at(-1);
  return { after: after === undefined ? undefined : skuOf(after), limit };
}

/** The `after` of the page that follows; `undefined`, and so absent in JSON, on the last. */
export function nextSku(rows: readonly { readonly sku: Sku }[], { limit }: SkuPage): Sku | undefined {
  return rows.length === limit ? rows.at(-1)?.sku : undefined;
}

/** The distinct SKUs in the order of their first mention. */
export function skusOf(texts: readonly string[]): readonly Sku[] {
  if (texts.length > apiLimits.skusPerQueryMax) {
    refuse(
      problems.tooManySkus,
      `${texts.length} SKUs are named; one request may name ${apiLimits.skusPerQueryMax}. Ask in several requests.`,
      { skusMax: apiLimits.skusPerQueryMax },
    );
  }
  return [...new Set(texts.map(skuOf))];
}

export function warehouseOf(text: string): WarehouseId {
  return parseWarehouseId(text) ?? refuse(problems.malformedWarehouse, `${quoted(text)} cannot be a warehouse id.`);
}

/** The channel of a query string, which must exist; the one there always is where none is named. Without a promise: the hot read asks this. */
export function channelOf({ channel }: Parameters, channels: ChannelDirectory): Channel {
  const text = channel?.at(-1);
  if (text === undefined || text === DEFAULT_CHANNEL) return DEFAULT_CHANNEL;
  return channels.find(text) ?? refuse(problems.unknownChannel, `There is no channel ${quoted(text)}.`);
}

/** The id of a reservation or an order in a path. What cannot be one names none. */
export function promiseIdOf(text: string, unknown: ProblemKind): string {
  return isPromiseId(text) ? text : refuse(unknown, `${quoted(text)} names nothing here.`);
}

/** One of several words in the query string, or `undefined` without. */
export function oneOf<const Words extends readonly string[]>(
  parameters: Parameters,
  name: string,
  words: Words,
): Words[number] | undefined {
  const text = parameters[name]?.at(-1);
  if (text === undefined) return undefined;
  const word = words.find((one) => one === text);
  return word ?? refuse(problems.invalidRequest, `${name}=${quoted(text)} is none of ${words.join(', ')}.`);
}

/** A whole number in the query string, from `min` to `max`. */
export function wholeNumberOf(
  parameters: Parameters,
  options: { readonly name: string; readonly min: number; readonly max: number; readonly absent: number },
): number {
  const { name, min, max, absent } = options;
  const text = parameters[name]?.at(-1);
  if (text === undefined) return absent;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  return refuse(problems.invalidRequest, `${name}=${quoted(text)} is not a whole number from ${min} to ${max}.`);
}

/** A place in a list by age: the `next` of the page before, which is the time and the id of its last entry. */
export function placeOf({ before }: Parameters): { readonly at: number; readonly id: string } | undefined {
  const text = before?.at(-1);
  if (text === undefined) return undefined;
  const [, at, id] = /^(\d{1,15})\.(.+)$/.exec(text) ?? [];
  if (at !== undefined && id !== undefined) return { at: Number(at), id };
  return refuse(problems.invalidRequest, 'before is not a place in the list: give back the `next` of the page before.');
}

/** What a caller sent, fit for a sentence: short, and with every odd character visible. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}
