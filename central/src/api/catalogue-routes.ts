import { refuse } from '@edgestock/shared/runtime/problem';
import type { Promises } from '../orders/promises.ts';
import { catalogueItems, cataloguePage } from './catalogue-items.ts';
import { type Doors, jsonResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import { refuseUnpromised, writing } from './promise-responses.ts';
import { bodyOf } from './request-body.ts';
import { nextSku, parametersOf, skuOf, skuPageOf } from './request-parts.ts';

/**
 * `/v1/catalogue`: the one catalogue. A page of it is one transaction, in which every node that it concerns is told; items are
 * whole, so that the same page again changes nothing and tells nobody.
 */
export function catalogueRoutes(doors: Doors, { promises }: { readonly promises: Promises }): void {
  doors('/v1/catalogue', {
    GET: async (context) => {
      const parameters = parametersOf(context, ['after', 'limit']);
      const page = skuPageOf(parameters, apiLimits.cataloguePageMax);
      const items = await promises.items(page.after, page.limit);
      return jsonResponse(JSON.stringify({ items, next: nextSku(items, page) }));
    },
    PUT: async (context) => {
      parametersOf(context, []);
      const { items, problems: faults } = catalogueItems(await bodyOf(context, cataloguePage));
      const [first] = faults;
      if (first !== undefined) {
        const more = faults.length > 1 ? ` And ${faults.length - 1} more.` : '';
        refuse(problems.invalidRequest, `Item ${first.line}: ${first.message}.${more} Nothing of the page was taken.`, {
          problems: faults.slice(0, apiLimits.problemsListedMax),
        });
      }
      const outcome = await writing(() => promises.upsertCatalogue(items));
      if (outcome.outcome !== 'set') return refuseUnpromised(outcome);
      return jsonResponse(JSON.stringify({ items: items.length }));
    },
  });

  doors('/v1/catalogue/:sku', {
    GET: async (context) => {
      parametersOf(context, []);
      const sku = skuOf(context.req.param('sku') ?? '');
      const item = await promises.item(sku);
      if (item === undefined) refuse(problems.unknownItem, `The catalogue has no item ${JSON.stringify(sku)}.`);
      return jsonResponse(JSON.stringify(item));
    },
  });
}
