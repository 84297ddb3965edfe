import type { Database, Statement } from 'better-sqlite3';
import { type Age, type AgeMark, ageAt, type ClockReading, isMarkDue } from '../rules/ageing.ts';

/**
 * How old the log is, by the time that has provably passed here: a counter, and marks that say where the log stood at which
 * count. Both are written at every look, so that a crash costs a minute.
 */
export class AgeStore {
  readonly #database: Database;
  readonly #setAge: Statement<[number, number]>;
  readonly #lastMark: Statement<[], AgeMark>;
  readonly #addMark: Statement<[number, number]>;
  readonly #agedUpTo: Statement<[number], { sequence: number | null }>;
  readonly #dropMarks: Statement<[number]>;
  #age: Age | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.#setAge = database.prepare(`
      INSERT INTO age (id, aged_ms, wall_at) VALUES (1, ?, ?)
      ON CONFLICT (id) DO UPDATE SET aged_ms = excluded.aged_ms, wall_at = excluded.wall_at`);
    this.#lastMark = database.prepare(
      'SELECT sequence, aged_ms AS agedMs FROM age_mark ORDER BY sequence DESC LIMIT 1',
    );
    this.#addMark = database.prepare('INSERT INTO age_mark (sequence, aged_ms) VALUES (?, ?)');
    this.#agedUpTo = database.prepare('SELECT max(sequence) AS sequence FROM age_mark WHERE aged_ms <= ?');
    this.#dropMarks = database.prepare('DELETE FROM age_mark WHERE sequence < ?');
    const stored = database
      .prepare<[], { agedMs: number; wallAt: number }>(
        'SELECT aged_ms AS agedMs, wall_at AS wallAt FROM age WHERE id = 1',
      )
      .get();
    this.#age = stored && { ...stored, monotonicMs: undefined };
  }

  /** Credits the time since the last look, and marks the head when it is time for it. */
  look(now: ClockReading, headSequence: number): void {
    const age = ageAt(this.#age, now);
    const mark = { sequence: headSequence, agedMs: age.agedMs };
    this.#database.transaction(() => {
      this.#setAge.run(age.agedMs, age.wallAt);
      if (isMarkDue(this.#lastMark.get(), mark)) this.#addMark.run(mark.sequence, mark.agedMs);
    })();
    // Only now: of a look that could not be written, the next one credits the time as well.
    this.#age = age;
  }

  /** The last sequence that has been in the log for so long; 0 when none has. */
  agedUpTo(retentionMs: number): number {
    return this.#agedUpTo.get((this.#age?.agedMs ?? 0) - retentionMs)?.sequence ?? 0;
  }

  /** Marks before a place that has had its time say nothing any more. */
  dropMarksBefore(sequence: number): void {
    this.#dropMarks.run(sequence);
  }
}
