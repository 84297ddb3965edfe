import { movementKindOf } from '@edgestock/shared/inventory/movement';
import { decodeDelta, decodeUpBatch, WireError } from '@edgestock/shared/protocol/codec';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { CentralReader, QuarantineRecord } from '../store/central-store.ts';
import { type Doors, jsonResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { parametersOf, warehouseOf, wholeNumberOf } from './request-parts.ts';
import { isoText } from './warehouse-routes.ts';

/** Where the rest of the API points to. */
export const QUARANTINE_PATH = '/v1/quarantine';

/** `GET /v1/quarantine`: what could not be applied and is kept for a person, latest first, as bytes and as what they say. */
export function quarantineRoutes(doors: Doors, { reader }: { readonly reader: CentralReader }): void {
  doors(QUARANTINE_PATH, {
    GET: async (context) => {
      const parameters = parametersOf(context, ['warehouse', 'before', 'limit']);
      const named = parameters.warehouse?.at(-1);
      const [min, max] = [1, Number.MAX_SAFE_INTEGER];
      const beforeId = wholeNumberOf(parameters, { name: 'before', min, max, absent: max });
      const limit = wholeNumberOf(parameters, {
        name: 'limit',
        min,
        max: apiLimits.quarantinePageMax,
        absent: apiLimits.quarantinePageDefault,
      });
      const found = await reader.quarantined({
        ...(named === undefined ? {} : { warehouse: warehouseOf(named) }),
        beforeId,
        limit,
      });
      const page = withinBytes(found);
      const isLast = page.length === found.length && found.length < limit;
      return jsonResponse(
        JSON.stringify({
          items: page.map(itemJson),
          // Ask again with `before=` this; absent on the last page.
          ...(isLast ? {} : { next: page.at(-1)?.id }),
        }),
      );
    },
  });
}

/** As many as make an answer of a size that anybody can read; one at least. */
function withinBytes(found: readonly QuarantineRecord[]): readonly QuarantineRecord[] {
  let bytes = 0;
  const over = found.findIndex((item, index) => {
    bytes += item.bytes.length;
    return index > 0 && bytes > apiLimits.quarantinePageBytesMax;
  });
  return over === -1 ? found : found.slice(0, over);
}

function itemJson({ bytes, at, ...item }: QuarantineRecord) {
  const says = saidBy(item.reason, bytes);
  return {
    ...item,
    at: isoText(at),
    ...(says === undefined ? {} : { says }),
    bytes: Buffer.from(bytes).toString('base64'),
  };
}

/** What the bytes say, where they can be read; they need not be true. */
function saidBy(reason: QuarantineRecord['reason'], bytes: Uint8Array): object | undefined {
  try {
    if (reason === 'delta') return deltaJson(decodeDelta(bytes));
    const { warehouse, epoch, instance, firstSequence, lastSequence, deltas } = decodeUpBatch(bytes);
    const movements = deltas.slice(0, apiLimits.quarantineMovementsMax).map((delta) => deltaJson(decodeDelta(delta)));
    return { warehouse, epoch, instance, firstSequence, lastSequence, movements };
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function deltaJson({ kind, at, details, ...delta }: Delta) {
  return { kind: movementKindOf(kind) ?? `unknown-${kind}`, ...delta, at: isoText(at), details };
}
