import { movementKindOf } from '@edgestock/shared/inventory/movement';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { HistoryEntry } from '../store/central-store.ts';
import type { Explanation, WarehouseExplanation, Warehouses } from '../warehouses/warehouses.ts';
import { type Doors, jsonResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { channelOf, parametersOf, skuOf, wholeNumberOf } from './request-parts.ts';
import { ageJson, isoText } from './warehouse-routes.ts';

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
      const explained = await warehouses.explain(sku, channel, {
        now: clock.now(),
        movementsMax,
        promisesMax: apiLimits.holdsListedMax,
      });
      return jsonResponse(
        JSON.stringify({
          sku,
          channel,
          available: explained.available,
          revision: explained.revision,
          buffer: explained.buffer,
          because: sumText(explained),
          warehouses: explained.warehouses.map(warehouseJson),
        }),
      );
    },
  });
}

function warehouseJson(share: WarehouseExplanation) {
  const { sync, movements, promises, nodeAvailable, warehouse, available, at, atCentral, granted, ...position } = share;
  return {
    warehouse,
    available,
    because: sync.notCounted === undefined ? `${quotaText(share)} = ${available}` : `not counted: ${sync.notCounted}`,
    // Central's side: the quota, and who was promised units of it.
    central: {
      granted,
      ...atCentral,
      unspent: granted - atCentral.returned - atCentral.allocatedSent - atCentral.held,
      promises,
    },
    // The other side of the number: what tills and local reservations may still promise.
    nodeAvailable,
    nodeBecause: `${nodeText(share)} = ${nodeAvailable}`,
    ...position,
    granted,
    ...(position.version === 0 ? {} : { at: isoText(at) }),
    ...ageJson(sync),
    isSilent: sync.isSilent,
    appliedUpTo: sync.appliedUpTo,
    movements: movements.map(movementJson),
  };
}

/** `8 granted - 2 given back - 1 held`: only what is there to subtract. */
function quotaText({ granted, atCentral }: WarehouseExplanation): string {
  return differenceText(`${granted} granted`, [
    [atCentral.returned, 'given back'],
    [atCentral.allocatedSent, 'allocated'],
    [atCentral.held, 'held'],
  ]);
}

/** `8 on hand - 1 unsellable - 2 reserved`. */
function nodeText(share: WarehouseExplanation): string {
  return differenceText(`${share.onHand} on hand`, [
    [share.unsellable, 'unsellable'],
    [share.reserved, 'reserved'],
    [share.committed, 'committed'],
    [share.quota, 'quota'],
    [share.safetyStock, 'safety stock'],
  ]);
}

function differenceText(from: string, subtracted: readonly (readonly [number, string])[]): string {
  const parts = subtracted.filter(([units]) => units !== 0).map(([units, name]) => ` - ${units} ${name}`);
  return `${from}${parts.join('')}`;
}

function sumText({ warehouses, buffer, available }: Explanation): string {
  if (warehouses.length === 0) return 'no warehouse ever had it';
  const sum = warehouses.map((share) => `${share.available} in ${share.warehouse}`).join(' + ');
  const isShort = warehouses.reduce((units, share) => units + share.available, 0) < buffer;
  return `${differenceText(sum, [[buffer, 'buffer']])} = ${available}${isShort ? ', never below 0' : ''}`;
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
