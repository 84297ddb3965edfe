import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { warehouseClasses } from '@edgestock/shared/protocol/directive';
import { refuse } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import type { Promises } from '../orders/promises.ts';
import { type ApiContext, type Doors, jsonResponse } from './doors.ts';
import { fields, listOfSkus } from './fields.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import { refuseUnpromised, writing } from './promise-responses.ts';
import { bodyOf } from './request-body.ts';
import { nextSku, parametersOf, skuPageOf, warehouseOf } from './request-parts.ts';

const policyBody = z.strictObject({
  class: z.enum(warehouseClasses),
  sharePercent: fields.percent,
  safetyStock: fields.units,
  priority: fields.priority,
});
const skuPoliciesBody = z.strictObject({
  rules: listOfSkus(
    z.strictObject({
      sku: fields.sku,
      sharePercent: fields.percent.exactOptional(),
      safetyStock: fields.units.exactOptional(),
    }),
    'rules',
  ),
});

/** How much of a warehouse's stock central may promise, and what is kept out of every offer. Sent to its node in the same transaction. */
export function policyRoutes(doors: Doors, { promises }: { readonly promises: Promises }): void {
  const named = (context: ApiContext): WarehouseId => warehouseOf(context.req.param('warehouse') ?? '');
  const answer = async (warehouse: WarehouseId) => {
    const settings = await promises.settings(warehouse);
    if (settings === undefined) {
      return refuse(problems.unknownWarehouse, `No node of the warehouse ${warehouse} was ever enrolled.`);
    }
    return jsonResponse(JSON.stringify({ warehouse, ...settings }));
  };

  doors('/v1/warehouses/:warehouse/policy', {
    GET: (context) => {
      parametersOf(context, []);
      return answer(named(context));
    },
    PUT: async (context) => {
      parametersOf(context, []);
      const warehouse = named(context);
      const settings = await bodyOf(context, policyBody);
      const outcome = await writing(() => promises.setPolicy(warehouse, settings));
      return outcome.outcome === 'set' ? answer(warehouse) : refuseUnpromised(outcome);
    },
  });

  doors('/v1/warehouses/:warehouse/sku-policies', {
    GET: async (context) => {
      const parameters = parametersOf(context, ['after', 'limit']);
      const warehouse = named(context);
      const page = skuPageOf(parameters, apiLimits.stockPageMax);
      const rules = await promises.skuPolicies(warehouse, page.after, page.limit);
      return jsonResponse(JSON.stringify({ warehouse, rules, next: nextSku(rules, page) }));
    },
    /** A rule without values lifts the difference. */
    PUT: async (context) => {
      parametersOf(context, []);
      const warehouse = named(context);
      const { rules } = await bodyOf(context, skuPoliciesBody);
      const outcome = await writing(() => promises.setSkuPolicies(warehouse, rules));
      if (outcome.outcome !== 'set') return refuseUnpromised(outcome);
      return jsonResponse(JSON.stringify({ warehouse, rules }));
    },
  });
}
