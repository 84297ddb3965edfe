import { movementKindOf } from '@edgestock/shared/inventory/movement';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { HistoryEntry } from '../store/central-store.ts';
import type { WarehouseExplanation, Warehouses } from '../warehouses/warehouses.ts';
import { type Doors, jsonResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { channelOf, parametersOf, skuOf, wholeNumberOf } from './request-parts.ts';
import { isoText } from './warehouse-routes.ts';

/** `GET /v1/stock/{sku}/explain`: both sides of the number (P7), the sum and what each warehouse adds to it, and why. */
export function explainRoutes(
  doors: Doors,
  options: { readonly warehouses: Warehouses; readonly channels: ChannelDirectory; readonly clock: Clock },
): void {
  const { warehouses, channels, clock } = options;
  doors('/v1/stock/:sku/explain', {
    GET: async (context) => {
      const parameters = parametersOf(context, ['channel', 'limit']);
      const channel = channelOf(parameters, channels);
      const sku = skuOf(context.req.param('sku') ?? '');
      const movementsMax = wholeNumberOf(parameters, {
        name: 'limit',
        min: 1,
        max: apiLimits.movementsMax,
        absent: apiLimits.movementsDefault,
      });
      const explained = await warehouses.explain(sku, channel, { now: clock.now(), movementsMax });
      return jsonResponse(
        JSON.stringify({
          sku,
          channel,
          available: explained.available,
          revision: explained.revision,
          because: sumText(explained.warehouses, explained.available),
          warehouses: explained.warehouses.map(warehouseJson),
        }),
      );
    },
  });
}

function warehouseJson(share: WarehouseExplanation) {
  const { sync, movements, nodeAvailable, warehouse, available, at, ...position } = share;
  return {
    warehouse,
    available,
    because: `${arithmetic(share)} = ${nodeAvailable}${nodeAvailable < 0 ? ', offered as 0' : ''}`,
    ...position,
    at: isoText(at),
    asOf: isoText(sync.asOf),
    lagMs: sync.lagMs,
    isSilent: sync.isSilent,
    appliedUpTo: sync.appliedUpTo,
    movements: movements.map(movementJson),
  };
}

/** `8 on hand - 1 unsellable - 2 reserved`: only what is there to subtract. */
function arithmetic(share: WarehouseExplanation): string {
  const subtracted: readonly (readonly [number, string])[] = [
    [share.unsellable, 'unsellable'],
    [share.reserved, 'reserved'],
    [share.committed, 'committed'],
    [share.quota, 'quota'],
    [share.safetyStock, 'safety stock'],
  ];
  const parts = subtracted.filter(([units]) => units !== 0).map(([units, name]) => ` - ${units} ${name}`);
  return `${share.onHand} on hand${parts.join('')}`;
}

function sumText(shares: readonly WarehouseExplanation[], available: number): string {
  if (shares.length === 0) return 'no warehouse ever had it';
  return `${shares.map((share) => `${share.available} in ${share.warehouse}`).join(' + ')} = ${available}`;
}

function movementJson(entry: HistoryEntry) {
  const { sequence, epoch } = entry;
  if (entry.kind === 'opaque') return { sequence, epoch, kind: 'opaque', bytes: entry.bytes.length };
  const { kind, quantity, version, state, at, details } = entry.delta;
  return {
    sequence,
    epoch,
    kind: movementKindOf(kind) ?? `unknown-${kind}`,
    quantity,
    version,
    at: isoText(at),
    onHand: state.onHand,
    ...details,
  };
}
