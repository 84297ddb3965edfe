import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { Database, Statement } from 'better-sqlite3';
import type { DownCursor } from '../rules/documents.ts';

export type RefusedDirective = {
  readonly centralEpoch: number;
  readonly sequence: number;
  readonly reason: string;
  readonly receivedAt: number;
};

/** How far central's log is carried out here, and what of it could not be. */
export class InboxStore {
  readonly #cursor: Statement<[], { centralEpoch: number; sequence: number; hash: Buffer }>;
  readonly #move: Statement<[number, number, Uint8Array]>;
  readonly #refuse: Statement<[number, number, Uint8Array, string, number]>;
  readonly #refused: Statement<[number], RefusedDirective>;
  readonly #forget: Statement<[number, number]>;

  constructor(database: Database) {
    this.#cursor = database.prepare('SELECT central_epoch AS centralEpoch, sequence, hash FROM inbox WHERE id = 1');
    this.#move = database.prepare(`
      INSERT INTO inbox (id, central_epoch, sequence, hash) VALUES (1, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET
        central_epoch = excluded.central_epoch, sequence = excluded.sequence, hash = excluded.hash`);
    this.#refuse = database.prepare(
      'INSERT INTO refused_directive (central_epoch, sequence, directive, reason, received_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#refused = database.prepare(
      `SELECT central_epoch AS centralEpoch, sequence, reason, received_at AS receivedAt FROM refused_directive
       ORDER BY central_epoch DESC, sequence DESC LIMIT ?`,
    );
    this.#forget = database.prepare(`
      DELETE FROM refused_directive WHERE (central_epoch, sequence) IN (
        SELECT central_epoch, sequence FROM refused_directive
        WHERE received_at < ? AND (central_epoch, sequence) <> (
          SELECT central_epoch, sequence FROM refused_directive ORDER BY central_epoch DESC, sequence DESC LIMIT 1)
        ORDER BY central_epoch, sequence LIMIT ?)`);
  }

  cursor(): DownCursor {
    return this.#cursor.get() ?? { centralEpoch: 0, sequence: 0, hash: genesisHash };
  }

  /** In the commit of the directive's effect. */
  move(cursor: DownCursor): void {
    this.#move.run(cursor.centralEpoch, cursor.sequence, cursor.hash);
  }

  refuse(cursor: DownCursor, directive: Uint8Array, reason: string, now: number): void {
    this.#refuse.run(cursor.centralEpoch, cursor.sequence, directive, reason, now);
  }

  /** The directives that could not be carried out, latest first. */
  refused(limit: number): readonly RefusedDirective[] {
    return this.#refused.all(limit);
  }

  /** Drops what was refused long ago, the oldest first. The latest stays: the exception that is open for all of them names it. */
  forget(options: { readonly receivedBefore: number; readonly rowsMax: number }): number {
    return this.#forget.run(options.receivedBefore, options.rowsMax).changes;
  }
}
