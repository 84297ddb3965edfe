import { parseSku } from '@edgestock/shared/inventory/ids';
import { emptyPosition } from '@edgestock/shared/inventory/position';
import { refuse } from '@edgestock/shared/runtime/problem';
import { responseOf } from '@edgestock/shared/runtime/whole-answer';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { entryBody } from '../position-json.ts';
import { etagOf, isUnchanged } from '../preconditions.ts';
import { problems } from '../problems.ts';
import { Query, skuIn } from '../query.ts';
import { stockAnswer } from './stock-answer.ts';

/** `GET /v1/stock/{sku}`, `GET /v1/stock?sku=a,b` and `GET /v1/stock?after=&limit=`. */
export function stockDoors({ ledger, limits }: HttpDependencies): readonly Door[] {
  const { view } = ledger;

  /**
   * One position. The hottest read, so it does the least: a key look-up, no schema, its text put together by hand. What the
   * item is called is the scan's and the list's answer, so that this one's version says everything about it.
   */
  function one(context: HttpContext): Response {
    const named = context.req.param('sku') ?? '';
    const sku = parseSku(named) ?? skuIn(named, 'sku');
    const position = view.position(sku) ?? (view.entry(sku) === undefined ? unknown(sku) : emptyPosition);
    const etag = etagOf(position);
    if (isUnchanged(context.req.raw.headers.get('if-none-match'), etag)) {
      return new Response(null, { status: 304, headers: { etag } });
    }
    return responseOf(stockAnswer(sku, position));
  }

  function many(context: HttpContext): Response {
    const query = new Query(context, ['sku', 'after', 'limit'], ['sku']);
    return query.has('sku') ? named(query) : page(query);
  }

  /** The SKUs asked for, in that order; those nobody knows are listed apart, so that one of them does not spoil the rest. */
  function named(query: Query): Response {
    if (query.has('after') || query.has('limit')) {
      refuse(problems.invalidRequest, 'Ask for certain SKUs (sku), or for a page of all (after, limit), not for both.');
    }
    const texts = query.list('sku');
    if (texts.length > limits.skusPerQueryMax) {
      refuse(problems.invalidRequest, `One request may ask for ${limits.skusPerQueryMax} SKUs, not ${texts.length}.`);
    }
    const skus = [...new Set(texts.map((text) => skuIn(text, 'sku')))];
    const entries = skus.map((sku) => view.entry(sku)).filter((entry) => entry !== undefined);
    const known = new Set(entries.map(({ item }) => item.sku));
    return Response.json({ stock: entries.map(entryBody), unknown: skus.filter((sku) => !known.has(sku)) });
  }

  /** A page of everything, in SKU order. `next` is the `after` of the next page and absent on the last. */
  function page(query: Query): Response {
    const { entries, next } = view.page(query.sku('after'), query.limit(limits));
    return Response.json({ stock: entries.map(entryBody), next });
  }

  return [
    { method: 'GET', path: '/v1/stock/:sku', route: 'stock', answer: one },
    { method: 'GET', path: '/v1/stock', route: 'stock-list', answer: many },
  ];
}

/** The refusal of a SKU of which there is neither an item nor a movement. */
export function unknown(sku: string): never {
  return refuse(problems.unknownSku, `${sku} is in no catalogue and no movement of this warehouse.`, {
    sku,
    hint: 'SKUs are case-sensitive; a barcode is asked for with GET /v1/scan/{barcode}.',
  });
}
