import { centralLimits } from '../../../limits.ts';
import type { DownTrim } from '../../promise-store.ts';
import type { DownTrimTable, TrimmableLog } from '../../tables/down-table.ts';
import type { Tables } from '../../tables/tables.ts';

/**
 * Drops what no node needs any more from the beginning of its log, inside a transaction of its caller. Only the beginning: a
 * gap in the middle could never be sent again. A page of the catalogue that is superseded needs no rule of its own: pages tell
 * what has changed and nothing else, and the limit on what is kept holds for them as for all.
 */
export class DownLogTrim {
  readonly #table: DownTrimTable;

  constructor({ downTrim }: Pick<Tables, 'downTrim'>) {
    this.#table = downTrim;
  }

  /** The store's `trimDirectives`. */
  async trim(now: number, rowsMax: number): Promise<DownTrim> {
    const before = now - centralLimits.directivesKeptMs;
    let trimmed = 0;
    let isMore = false;
    for (const log of await this.#table.logs(before)) {
      await this.#note(log, now);
      const due = dueOf(log);
      const upTo = Math.min(due, log.trimmed + rowsMax - trimmed);
      if (upTo < due) isMore = true;
      if (upTo > log.trimmed && (await this.#table.drop(log.warehouse, upTo))) trimmed += upTo - log.trimmed;
      await this.#table.unmark(log.warehouse, before, Math.max(upTo, log.trimmed));
    }
    return { trimmed, isMore };
  }

  /** Also when the clock was set back by more than that, or a mark of the future would keep everything until then. */
  async #note({ warehouse, markedAt, carriedOut }: TrimmableLog, now: number): Promise<void> {
    if (markedAt !== null && Math.abs(now - markedAt) < centralLimits.directivesMarkPeriodMs) return;
    if (carriedOut > 0) await this.#table.mark(warehouse, now, carriedOut);
  }
}

/** Up to where the log need not be kept. Never beyond what the node has carried out. */
function dueOf({ carriedOut, trimmed, past }: TrimmableLog): number {
  const due = Math.max(past ?? 0, carriedOut - centralLimits.directivesKeptMax, trimmed);
  return Math.min(carriedOut, due);
}
