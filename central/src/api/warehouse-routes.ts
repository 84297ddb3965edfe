import { availableOf } from '@edgestock/shared/inventory/position';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { CentralReader } from '../store/central-store.ts';
import type { SyncState } from '../warehouses/sync-state.ts';
import type { Warehouses } from '../warehouses/warehouses.ts';
import { type Doors, jsonResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import { nextSku, parametersOf, skuPageOf, warehouseOf } from './request-parts.ts';

/** What an operator asks about the warehouses: how far each is known, and what stands in it as central has it. */
export function warehouseRoutes(
  doors: Doors,
  options: { readonly warehouses: Warehouses; readonly reader: CentralReader; readonly clock: Clock },
): void {
  const { warehouses, reader, clock } = options;

  const find = async (text: string): Promise<SyncState> => {
    const id = warehouseOf(text);
    const found = await warehouses.one(id, clock.now());
    return found ?? refuse(problems.unknownWarehouse, `No node of the warehouse ${id} was ever enrolled.`);
  };

  doors('/v1/warehouses', {
    GET: async (context) => {
      parametersOf(context, []);
      return jsonResponse(JSON.stringify({ warehouses: (await warehouses.all(clock.now())).map(syncStateJson) }));
    },
  });

  doors('/v1/warehouses/:warehouse', {
    GET: async (context) => {
      parametersOf(context, []);
      return jsonResponse(JSON.stringify(syncStateJson(await find(context.req.param('warehouse') ?? ''))));
    },
  });

  doors('/v1/warehouses/:warehouse/stock', {
    GET: async (context) => {
      const parameters = parametersOf(context, ['after', 'limit']);
      const page = skuPageOf(parameters, apiLimits.stockPageMax);
      const { warehouse, asOf, lagMs, isSilent } = await find(context.req.param('warehouse') ?? '');
      const positions = await reader.positionsOf(warehouse, page.after, page.limit);
      return jsonResponse(
        JSON.stringify({
          warehouse,
          ...ageJson({ asOf, lagMs }),
          isSilent,
          positions: positions.map(({ warehouse: _, at, ...position }) => ({
            ...position,
            available: availableOf(position),
            // Where nothing was told yet, there is no time of telling.
            ...(position.version === 0 ? {} : { at: isoText(at) }),
          })),
          // Ask again with `after=` this; absent on the last page.
          next: nextSku(positions, page),
        }),
      );
    },
  });
}

export function syncStateJson({ enrolledAt, appliedAt, asOf, lagMs, heardAt, fence, ...counts }: SyncState) {
  return {
    ...counts,
    enrolledAt: isoText(enrolledAt),
    ...ageJson({ asOf, lagMs }),
    // 0 stands for "never".
    ...(appliedAt === 0 ? {} : { appliedAt: isoText(appliedAt) }),
    ...(heardAt === undefined ? {} : { heardAt: isoText(heardAt) }),
    ...(fence === undefined ? {} : { fence: { reason: fence.reason, at: isoText(fence.at) } }),
  };
}

/** Both null while nothing is known of the warehouse: 0 would be a time, and absent would be an older release. */
export function ageJson({ asOf, lagMs }: Pick<SyncState, 'asOf' | 'lagMs'>) {
  return { asOf: asOf === undefined ? null : isoText(asOf), lagMs: lagMs ?? null };
}

/** Times a node made up may lie beyond what a date can be; they are told as the nearest one that can. */
export function isoText(at: number): string {
  return new Date(Math.min(at, DATE_MS_MAX)).toISOString();
}

const DATE_MS_MAX = 8_640_000_000_000_000;
