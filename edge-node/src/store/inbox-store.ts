import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { Database, Statement } from 'better-sqlite3';
import type { DownCursor } from '../rules/documents.ts';

export type RefusedDirective = {
  readonly centralEpoch: number;
  readonly sequence: number;
  readonly reason: string;
  readonly receivedAt: number;
};

type Place = { readonly centralEpoch: number; readonly sequence: number };
export type KeptDirective = Place & { readonly bytes: Uint8Array };

/** How far central's log is carried out here, and what of it could not be. */
export class InboxStore {
  readonly #cursor: Statement<[], { centralEpoch: number; sequence: number; hash: Buffer }>;
  readonly #move: Statement<[number, number, Uint8Array]>;
  readonly #endEpoch: Statement<[]>;
  readonly #refuse: Statement<[number, number, Uint8Array, string, number]>;
  readonly #refused: Statement<[number], RefusedDirective>;
  readonly #kept: Statement<[number, number, number], KeptDirective>;
  readonly #isKept: Statement<[number, number], { one: number }>;
  readonly #carryOutKept: Statement<[number, number, number]>;
  readonly #forget: Statement<[number, number]>;
  readonly #mark: Statement<[number, number, number]>;
  readonly #split: Statement<[number, number], { began: number }>;
  readonly #at: Statement<[number], { directive: number }>;

  constructor(database: Database) {
    this.#cursor = database.prepare('SELECT central_epoch AS centralEpoch, sequence, hash FROM inbox WHERE id = 1');
    this.#move = database.prepare(`
      INSERT INTO inbox (id, central_epoch, sequence, hash) VALUES (1, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET
        central_epoch = excluded.central_epoch, sequence = excluded.sequence, hash = excluded.hash`);
    this.#endEpoch = database.prepare('UPDATE inbox_mark SET directive = 0 WHERE directive > 0');
    this.#mark = database.prepare(`
      INSERT INTO inbox_mark (sequence, began, directive) VALUES (?, ?, ?)
      ON CONFLICT (sequence) DO UPDATE SET directive = excluded.directive`);
    this.#split = database.prepare(
      'SELECT began FROM inbox_mark WHERE sequence > ? AND began < ? ORDER BY sequence LIMIT 1',
    );
    this.#at = database.prepare('SELECT directive FROM inbox_mark WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1');
    this.#refuse = database.prepare(
      'INSERT INTO refused_directive (central_epoch, sequence, directive, reason, received_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#kept = database.prepare(`
      SELECT central_epoch AS centralEpoch, sequence, directive AS bytes FROM refused_directive
      WHERE carried_out_at IS NULL AND (central_epoch, sequence) > (?, ?) ORDER BY central_epoch, sequence LIMIT ?`);
    this.#isKept = database.prepare(
      'SELECT 1 AS one FROM refused_directive WHERE central_epoch = ? AND sequence = ? AND carried_out_at IS NULL',
    );
    this.#carryOutKept = database.prepare(
      'UPDATE refused_directive SET carried_out_at = ? WHERE central_epoch = ? AND sequence = ?',
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
    // Numbers of a log that is no more mean nothing in the one that begins. Where effects begin and end stays true.
    if (cursor.centralEpoch !== this.cursor().centralEpoch) this.#endEpoch.run();
    this.#move.run(cursor.centralEpoch, cursor.sequence, cursor.hash);
  }

  /** The effects of a directive are in the log in (began, sequence]; in the commit that moved the cursor. */
  mark(effects: { readonly began: number; readonly sequence: number }, directive: number): void {
    this.#mark.run(effects.sequence, effects.began, directive);
  }

  /** Where the effects of the directive begin that a cut behind a sequence would split; `undefined` when it splits none. */
  splitAt(sequence: number): number | undefined {
    return this.#split.get(sequence, sequence)?.began;
  }

  /** The last directive whose effects are all in the log up to a sequence. */
  carriedOutAt(sequence: number): number {
    return this.#at.get(sequence)?.directive ?? 0;
  }

  refuse(cursor: DownCursor, directive: Uint8Array, reason: string, now: number): void {
    this.#refuse.run(cursor.centralEpoch, cursor.sequence, directive, reason, now);
  }

  /** What could not be carried out when it came, in the order of central's log, after a place. */
  kept(after: Place, limit: number): readonly KeptDirective[] {
    return this.#kept.all(after.centralEpoch, after.sequence, limit);
  }

  isKept({ centralEpoch, sequence }: Place): boolean {
    return this.#isKept.get(centralEpoch, sequence) !== undefined;
  }

  /** In the commit of its effect. It stays listed: the exception that tells of it is a person's to close. */
  carryOutKept({ centralEpoch, sequence }: Place, now: number): void {
    this.#carryOutKept.run(now, centralEpoch, sequence);
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
