import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { Database, Statement } from 'better-sqlite3';
import { placeChanges } from '../rules/place-changes.ts';
import { mayBeTrimmed, type TrimBound } from '../rules/trim-bound.ts';
import { type MovementRow, MovementStore } from './movement-store.ts';
import type { NodeStore } from './node-store.ts';
import { conditionCode } from './shelf-store.ts';

/**
 * Where the log begins after trimming: the sums of what was trimmed and the chain hash there. Checkpoint plus log always
 * equals the balances, and the chain can still be walked from the checkpoint on.
 */
export class Checkpoint {
  readonly #database: Database;
  readonly #node: NodeStore;
  readonly #movements: MovementStore;
  readonly #add: Statement<[string, string, string, number, number]>;
  readonly #deleteMovements: Statement<[number]>;
  readonly #deleteIdempotency: Statement<[number]>;
  readonly #deleteMarks: Statement<[number]>;

  constructor(database: Database, node: NodeStore) {
    this.#database = database;
    this.#node = node;
    this.#movements = new MovementStore(database);
    this.#add = database.prepare(`
      INSERT INTO checkpoint_balance (sku, bin, lot, condition, quantity) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (sku, bin, lot, condition) DO UPDATE SET quantity = quantity + excluded.quantity`);
    this.#deleteMovements = database.prepare('DELETE FROM movement WHERE sequence <= ?');
    // A command's record lives as long as its movements: its answer is read back from them.
    this.#deleteIdempotency = database.prepare('DELETE FROM idempotency WHERE first_sequence <= ?');
    // The last one at or before the beginning of the log still counts there.
    this.#deleteMarks = database.prepare(
      'DELETE FROM inbox_mark WHERE sequence < (SELECT max(sequence) FROM inbox_mark WHERE sequence <= ?)',
    );
  }

  /** Moves the checkpoint forward; everything of one step in one transaction. Returns the movements dropped. */
  advance({ rowsMax, ...bound }: TrimBound & { readonly rowsMax: number }): number {
    const from = this.#node.checkpoint().sequence;
    const due: MovementRow[] = [];
    for (const row of this.#movements.after(from, rowsMax)) {
      if (!mayBeTrimmed(row.sequence, bound)) break;
      due.push(row);
    }
    const last = due.at(-1);
    if (last === undefined) return 0;
    this.#database.transaction(() => {
      for (const row of due) this.#fold(row);
      this.#node.setCheckpoint({ sequence: last.sequence, hash: last.hash });
      this.#node.setAppliedUpTo(bound.appliedUpTo);
      this.#deleteMovements.run(last.sequence);
      this.#deleteIdempotency.run(last.sequence);
      this.#deleteMarks.run(last.sequence);
    })();
    return due.length;
  }

  #fold(row: MovementRow): void {
    for (const change of placeChanges(decodeDelta(row.delta))) {
      this.#add.run(row.sku, change.bin, change.lot, conditionCode(change), change.quantity);
    }
  }
}
