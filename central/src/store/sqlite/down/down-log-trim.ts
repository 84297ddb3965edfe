import type { Database, Statement } from 'better-sqlite3';
import { centralLimits } from '../../../limits.ts';
import type { DownTrim } from '../../promise-store.ts';

type NodeLog = {
  warehouse: string;
  /** Carried out, and its effects in the node's log as central has it: what a node that is rebuilt from that need not be told again. */
  carriedOut: number;
  trimmed: number;
  markedAt: number | null;
  past: number | null;
};

/**
 * Drops what no node needs any more from the beginning of its log, inside a transaction of its caller. Only the beginning: a
 * gap in the middle could never be sent again. A page of the catalogue that is superseded needs no rule of its own: pages tell
 * what has changed and nothing else, and the limit on what is kept holds for them as for all.
 */
export class DownLogTrim {
  readonly #logs: Statement<[number], NodeLog>;
  readonly #mark: Statement<[string, number, number]>;
  readonly #unmark: Statement<[string, number, number]>;
  readonly #hashAt: Statement<[string, number], { hash: Buffer }>;
  readonly #bodies: Statement<[string, number], { body: number }>;
  readonly #drop: Statement<[string, number]>;
  readonly #dropBody: Statement<[number]>;
  readonly #begin: Statement<[string, number, Uint8Array]>;

  constructor(database: Database) {
    this.#logs = database.prepare(`
      SELECT n.warehouse, min(n.down_carried_out, n.down_covered) AS carriedOut, coalesce(t.sequence, 0) AS trimmed,
        (SELECT max(at) FROM down_mark m WHERE m.warehouse = n.warehouse) AS markedAt,
        (SELECT max(sequence) FROM down_mark m WHERE m.warehouse = n.warehouse AND m.at <= ?) AS past
      FROM node n LEFT JOIN down_trim t ON t.warehouse = n.warehouse ORDER BY n.warehouse`);
    this.#mark = database.prepare('INSERT INTO down_mark (warehouse, at, sequence) VALUES (?, ?, ?)');
    this.#unmark = database.prepare('DELETE FROM down_mark WHERE warehouse = ? AND at <= ? AND sequence <= ?');
    this.#hashAt = database.prepare('SELECT hash FROM directive WHERE warehouse = ? AND sequence = ?');
    this.#bodies = database.prepare(
      'SELECT DISTINCT body FROM directive WHERE warehouse = ? AND sequence <= ? AND body IS NOT NULL',
    );
    this.#drop = database.prepare('DELETE FROM directive WHERE warehouse = ? AND sequence <= ?');
    this.#dropBody = database.prepare(`
      DELETE FROM directive_body WHERE id = ? AND NOT EXISTS (SELECT 1 FROM directive WHERE body = directive_body.id)`);
    this.#begin = database.prepare(`
      INSERT INTO down_trim (warehouse, sequence, hash) VALUES (?, ?, ?)
      ON CONFLICT (warehouse) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`);
  }

  /** The store's `trimDirectives`. */
  trim(now: number, rowsMax: number): DownTrim {
    const before = now - centralLimits.directivesKeptMs;
    let trimmed = 0;
    let isMore = false;
    for (const log of this.#logs.all(before)) {
      this.#note(log, now);
      const due = dueOf(log);
      const upTo = Math.min(due, log.trimmed + rowsMax - trimmed);
      if (upTo < due) isMore = true;
      if (upTo > log.trimmed) trimmed += this.#trimLog(log, upTo);
      this.#unmark.run(log.warehouse, before, Math.max(upTo, log.trimmed));
    }
    return { trimmed, isMore };
  }

  /** Also when the clock was set back by more than that, or a mark of the future would keep everything until then. */
  #note({ warehouse, markedAt, carriedOut }: NodeLog, now: number): void {
    if (markedAt !== null && Math.abs(now - markedAt) < centralLimits.directivesMarkPeriodMs) return;
    if (carriedOut > 0) this.#mark.run(warehouse, now, carriedOut);
  }

  #trimLog({ warehouse, trimmed }: NodeLog, upTo: number): number {
    const last = this.#hashAt.get(warehouse, upTo);
    if (last === undefined) return 0;
    const bodies = this.#bodies.all(warehouse, upTo);
    this.#drop.run(warehouse, upTo);
    for (const { body } of bodies) this.#dropBody.run(body);
    this.#begin.run(warehouse, upTo, last.hash);
    return upTo - trimmed;
  }
}

/** Up to where the log need not be kept. Never beyond what the node has carried out. */
function dueOf({ carriedOut, trimmed, past }: NodeLog): number {
  const due = Math.max(past ?? 0, carriedOut - centralLimits.directivesKeptMax, trimmed);
  return Math.min(carriedOut, due);
}
