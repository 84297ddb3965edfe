import { refuse } from '@edgestock/shared/runtime/problem';
import { openUnitsOf, type TransferRecord, transferStates } from '../rules/transfer.ts';
import type { TransferReader } from '../store/transfer-reader.ts';
import { type Doors, jsonResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import { oneOf, parametersOf, warehouseOf, wholeNumberOf } from './request-parts.ts';
import { isoText } from './warehouse-routes.ts';

/** What is under way between warehouses, and what became of it, as the facts of both ends tell. */
export function transferRoutes(doors: Doors, { reader }: { readonly reader: TransferReader }): void {
  doors('/v1/transfers', {
    GET: async (context) => {
      const parameters = parametersOf(context, ['state', 'warehouse', 'before', 'limit']);
      const state = oneOf(parameters, 'state', transferStates);
      const warehouse = parameters.warehouse?.at(-1);
      const numbers = { min: 1, max: Number.MAX_SAFE_INTEGER };
      const before = wholeNumberOf(parameters, { name: 'before', ...numbers, absent: numbers.max });
      const limit = wholeNumberOf(parameters, {
        name: 'limit',
        min: 1,
        max: apiLimits.transfersPageMax,
        absent: apiLimits.transfersPageDefault,
      });
      const transfers = await reader.transfers({
        ...(state === undefined ? {} : { state }),
        ...(warehouse === undefined ? {} : { warehouse: warehouseOf(warehouse) }),
        ...{ before, limit },
      });
      const last = transfers.length === limit ? transfers.at(-1) : undefined;
      return jsonResponse(
        JSON.stringify({
          transfers: transfers.map(transferJson),
          // Ask again with `before=` this; absent on the last page.
          ...(last === undefined ? {} : { next: last.number }),
        }),
      );
    },
  });

  doors('/v1/transfers/:id', {
    GET: async (context) => {
      const from = parametersOf(context, ['from']).from?.at(-1);
      const id = context.req.param('id') ?? '';
      const named = await reader.transfersNamed(id);
      const [found, other] = from === undefined ? named : named.filter((one) => one.from === warehouseOf(from));
      if (found === undefined) return refuse(problems.unknownTransfer, `Neither end has told of a transfer ${id}.`);
      if (other === undefined) return jsonResponse(JSON.stringify({ transfer: transferJson(found) }));
      const sources = named.map((one) => one.from);
      const detail = `Transfers from ${sources.join(' and ')} have the name ${id}: say which (from).`;
      return refuse(problems.transferAmbiguous, detail, { from: sources });
    },
  });
}

function transferJson({ transfer, from, to, state, lines, firstAt, changedAt }: TransferRecord) {
  return {
    id: transfer,
    ...{ from, to, state },
    lines: lines.map((line) => ({ ...line, open: openUnitsOf(line) })),
    firstAt: isoText(firstAt),
    changedAt: isoText(changedAt),
  };
}
