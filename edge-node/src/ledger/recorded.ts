import { movementKindOf } from '@edgestock/shared/inventory/movement';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import { must } from '@edgestock/shared/runtime/assert';
import type { DraftMovement } from '../rules/site-state.ts';
import type { MovementRow } from '../store/movement-store.ts';
import type { RecordedMovement } from './command.ts';

/** A movement just decided, as callers see it. */
export function recordedFromDraft(draft: DraftMovement, at: number): RecordedMovement {
  const { sequence, kind, line, quantity, details, shelf } = draft;
  return { sequence, kind, sku: shelf.sku, line, quantity, position: shelf.position, at, details };
}

/** The same, read back from the log. */
export function recordedFromRow(row: MovementRow): RecordedMovement {
  const { kind, sku, line, quantity, state, version, at, details } = decodeDelta(row.delta);
  return {
    sequence: row.sequence,
    kind: must(movementKindOf(kind), 'a node records only kinds that it knows'),
    sku,
    line,
    quantity,
    position: { ...state, version, sequence: row.sequence },
    at,
    details,
  };
}
