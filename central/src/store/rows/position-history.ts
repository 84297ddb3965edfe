import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { readableDelta } from '@edgestock/shared/protocol/readable-delta';
import { assert } from '@edgestock/shared/runtime/assert';
import type { HistoryEntry } from '../central-store.ts';
import type { BatchLog, LoggedDelta } from '../tables/batch-log.ts';

type Page = { readonly before: number; readonly limit: number };

/** Movements of a position, latest first: each delta names the one before it. `head` is the place of the last. */
export async function historyOf(
  log: Pick<BatchLog, 'delta'>,
  position: { readonly warehouse: WarehouseId; readonly sku: Sku; readonly head: number },
  { before, limit }: Page,
): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  let sequence = await startOfWalk(log, position, before);
  while (sequence > 0 && entries.length < limit) {
    const logged = await log.delta(position.warehouse, sequence);
    if (logged === undefined) break;
    const entry = entryOf(logged);
    if (sequence < before) entries.push(entry);
    if (entry.kind === 'opaque') break;
    assert(entry.delta.previous < sequence, 'a position refers back to an earlier delta');
    sequence = entry.delta.previous;
  }
  return entries;
}

/** A page that goes on starts at the delta it ended with, when that is one of this SKU: no walk from the head. */
async function startOfWalk(
  log: Pick<BatchLog, 'delta'>,
  { warehouse, sku, head }: { readonly warehouse: WarehouseId; readonly sku: Sku; readonly head: number },
  before: number,
): Promise<number> {
  if (before > head) return head;
  const logged = await log.delta(warehouse, before);
  const entry = logged && entryOf(logged);
  return entry?.kind === 'movement' && entry.delta.sku === sku ? entry.delta.previous : head;
}

function entryOf({ sequence, epoch, bytes }: LoggedDelta): HistoryEntry {
  const delta = readableDelta(bytes);
  return delta === undefined
    ? { kind: 'opaque', sequence, epoch, bytes }
    : { kind: 'movement', sequence, epoch, delta };
}
