import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import type { EpochTable } from '../../tables/epoch-table.ts';

export class SqliteEpochTable implements EpochTable {
  readonly #current: Statement<[], { epoch: number }>;
  readonly #begin: Statement<[number, number, string]>;
  readonly #forget: readonly Statement<[]>[];

  constructor(database: Database) {
    this.#current = database.prepare('SELECT central_epoch AS epoch FROM meta WHERE id = 1');
    this.#begin = database.prepare(`
      UPDATE meta SET central_epoch = ?, epoch_began_at = ?, epoch_reason = ?, life = lower(hex(randomblob(8))),
        backed_up_at = NULL
      WHERE id = 1`);
    this.#forget = [
      'DELETE FROM directive',
      'DELETE FROM directive_body',
      'DELETE FROM down_trim',
      'DELETE FROM down_mark',
      'UPDATE node SET down_sequence = 0, down_hash = zeroblob(32), down_carried_out = 0, down_covered = 0',
      'UPDATE node_life SET down_sequence = 0, down_hash = zeroblob(32)',
    ].map((sql) => database.prepare(sql));
  }

  current(): number {
    return must(this.#current.get(), 'the row is made with the store').epoch;
  }

  begin(epoch: number, now: number, reason: string): void {
    this.#begin.run(epoch, now, reason);
  }

  forgetDown(): void {
    for (const statement of this.#forget) statement.run();
  }
}
