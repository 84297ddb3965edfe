import type { TransferState } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';

/** Transfers from and to this warehouse, each as central last told it. */
export class TransferStore {
  readonly #save: Statement<[string, string, string, number, string, number]>;
  readonly #find: Statement<[string], { state: string }>;

  constructor(database: Database) {
    this.#save = database.prepare(`
      INSERT INTO transfer (id, from_warehouse, to_warehouse, is_closed, state, changed_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET is_closed = excluded.is_closed, state = excluded.state, changed_at = excluded.changed_at`);
    this.#find = database.prepare('SELECT state FROM transfer WHERE id = ?');
  }

  find(id: string): TransferState | undefined {
    const row = this.#find.get(id);
    return row === undefined ? undefined : JSON.parse(row.state);
  }

  save(transfer: TransferState, now: number): void {
    const { transfer: id, from, to, isClosed } = transfer;
    this.#save.run(id, from, to, isClosed ? 1 : 0, JSON.stringify(transfer), now);
  }
}
