import { must } from '@edgestock/shared/runtime/assert';
import type { EdgeStore } from '../store/edge-store.ts';
import type { StockException } from './view.ts';

/** A person declares an exception settled. */
export type CloseException = { readonly id: number; readonly actor: string; readonly note: string };

/** In order of precedence. */
export type CloseOutcome =
  | { readonly outcome: 'unknown' }
  /** Closed by this very command, now or when it was sent before. */
  | { readonly outcome: 'closed'; readonly exception: StockException; readonly isFirst: boolean }
  /** Something or somebody else was first; what this command says of it is not kept. */
  | { readonly outcome: 'closed-otherwise'; readonly exception: StockException };

/** Closes it unless it is closed already: the statement decides, so two persons cannot both be first. */
export function closeException(store: EdgeStore, command: CloseException, now: number): CloseOutcome {
  let isFirst = false;
  store.transaction(() => {
    isFirst = store.exceptions.close(command, now);
  });
  const exception = store.exceptions.find(command.id);
  if (exception === undefined) return { outcome: 'unknown' };
  const resolution = must(exception.resolution, 'an exception that could not be closed is closed');
  const isSame = resolution.by === 'person' && resolution.actor === command.actor && resolution.note === command.note;
  return isSame ? { outcome: 'closed', exception, isFirst } : { outcome: 'closed-otherwise', exception };
}
