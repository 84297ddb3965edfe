import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import { assert, must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import type { RestoredKind } from '../rules/restored.ts';

export type LogHead = { readonly sequence: number; readonly hash: Uint8Array };

/** The database in the directory belongs to another warehouse. */
export class WrongWarehouse extends Error {
  override readonly name = 'WrongWarehouse';
}

/** The database is not known to be the latest state of its log: what it is instead, and since when (wall time, ms). */
export type Restored = { readonly kind: RestoredKind; readonly at: number };

/** What is known of the life before the one that began with a rejoin, and what may be missing of it. Wall times, ms. */
export type Rejoined = {
  readonly epoch: number;
  readonly at: number;
  readonly lost: number;
  readonly knownUpTo: number;
  readonly takenOverAt: number;
  readonly recount: string;
};

type RestoredRow = {
  backup_at: number | null;
  has_high_water: number;
  restored: RestoredKind | null;
  restored_at: number | null;
};

type NodeRow = {
  warehouse: WarehouseId;
  instance: string;
  sequence: number;
  hash: Buffer;
  checkpoint_sequence: number;
  checkpoint_hash: Buffer;
  applied_up_to: number;
};

/** Who writes this log, where it stands, and what central has of it. */
export class NodeStore {
  readonly #read: Statement<[], NodeRow>;
  readonly #epoch: Statement<[], { epoch: number }>;
  readonly #setHead: Statement<[number, Uint8Array, number]>;
  readonly #setApplied: Statement<[number]>;
  readonly #setCheckpoint: Statement<[number, Uint8Array]>;
  readonly #adoptEpoch: Statement<[number]>;
  readonly #beginEpoch: Statement<[number, number, number]>;
  readonly #restored: Statement<[], RestoredRow>;
  readonly #rejoined: Statement<[], Rejoined>;
  readonly #setRejoined: Statement<[Rejoined]>;
  readonly #setRestored: Statement<[RestoredKind | null, number | null]>;
  readonly #recognise: Statement<[]>;
  readonly #keepHighWater: Statement<[]>;

  constructor(database: Database) {
    this.#read = database.prepare(
      'SELECT warehouse, instance, sequence, hash, checkpoint_sequence, checkpoint_hash, applied_up_to FROM node WHERE id = 1',
    );
    this.#epoch = database.prepare('SELECT max(epoch) AS epoch FROM epoch');
    this.#setHead = database.prepare(
      'UPDATE node SET sequence = ?, hash = ?, applied_up_to = max(applied_up_to, ?) WHERE id = 1',
    );
    this.#setApplied = database.prepare('UPDATE node SET applied_up_to = ? WHERE id = 1');
    this.#setCheckpoint = database.prepare('UPDATE node SET checkpoint_sequence = ?, checkpoint_hash = ? WHERE id = 1');
    this.#adoptEpoch = database.prepare('UPDATE epoch SET epoch = ? WHERE epoch = 0');
    this.#beginEpoch = database.prepare('INSERT INTO epoch (epoch, first_sequence, begun_at) VALUES (?, ?, ?)');
    this.#rejoined = database.prepare(`
      SELECT epoch, at, lost, known_up_to AS knownUpTo, taken_over_at AS takenOverAt, recount FROM rejoin
      ORDER BY epoch DESC LIMIT 1`);
    this.#setRejoined = database.prepare(`
      INSERT INTO rejoin (epoch, at, lost, known_up_to, taken_over_at, recount)
      VALUES (@epoch, @at, @lost, @knownUpTo, @takenOverAt, @recount)`);
    this.#restored = database.prepare('SELECT backup_at, has_high_water, restored, restored_at FROM node WHERE id = 1');
    this.#setRestored = database.prepare('UPDATE node SET restored = ?, restored_at = ? WHERE id = 1');
    this.#recognise = database.prepare(
      'UPDATE node SET backup_at = NULL, restored = NULL, restored_at = NULL WHERE id = 1',
    );
    this.#keepHighWater = database.prepare('UPDATE node SET has_high_water = 1 WHERE id = 1');
  }

  /** Makes the node's one row on first start; afterwards refuses a database that belongs to another warehouse. */
  static install(database: Database, node: { warehouse: WarehouseId; instance: string; now: number }): void {
    const owner = database.prepare<[], { warehouse: string }>('SELECT warehouse FROM node WHERE id = 1').get();
    if (owner !== undefined) {
      if (owner.warehouse === node.warehouse) return;
      throw new WrongWarehouse(
        `this data directory belongs to warehouse ${owner.warehouse}, not ${node.warehouse}: name the right --data-dir or --warehouse`,
      );
    }
    database.transaction(() => {
      database
        .prepare(
          `INSERT INTO node (id, warehouse, instance, sequence, hash, checkpoint_sequence, checkpoint_hash, applied_up_to, installed_at)
           VALUES (1, ?, ?, 0, ?, 0, ?, 0, ?)`,
        )
        .run(node.warehouse, node.instance, genesisHash, genesisHash, node.now);
      database.prepare('INSERT INTO epoch (epoch, first_sequence, begun_at) VALUES (0, 1, ?)').run(node.now);
    })();
  }

  identity(): LogIdentity {
    const { warehouse, instance } = this.#row();
    return { warehouse, instance, epoch: must(this.#epoch.get(), 'a log has an epoch').epoch };
  }

  head(): LogHead {
    const { sequence, hash } = this.#row();
    return { sequence, hash };
  }

  /** Moves the head, and takes central's cursor along: it needs no transaction of its own. */
  setHead(head: LogHead, appliedUpTo: number): void {
    this.#setHead.run(head.sequence, head.hash, appliedUpTo);
  }

  checkpoint(): LogHead {
    const row = this.#row();
    return { sequence: row.checkpoint_sequence, hash: row.checkpoint_hash };
  }

  setCheckpoint(head: LogHead): void {
    this.#setCheckpoint.run(head.sequence, head.hash);
  }

  appliedUpTo(): number {
    return this.#row().applied_up_to;
  }

  setAppliedUpTo(sequence: number): void {
    this.#setApplied.run(sequence);
  }

  /** Enrolment: the provisional epoch becomes the one central issued; nothing is renumbered. Asking again changes nothing. */
  adoptEpoch(epoch: number): void {
    assert(Number.isSafeInteger(epoch) && epoch > 0, 'central issues epochs from 1');
    const current = must(this.#epoch.get(), 'a log has an epoch').epoch;
    if (current === epoch) return;
    assert(current === 0, () => `the log is in epoch ${current}: only a provisional one adopts another`);
    this.#adoptEpoch.run(epoch);
  }

  /** Of a log that is taken over: where each of its lives began. */
  beginEpoch(epoch: number, firstSequence: number): void {
    this.#beginEpoch.run(epoch, firstSequence, 0);
  }

  /** This installation's own life begins, where the log it has taken over ends: these are the latest books there are. */
  beginLife({ epoch, firstSequence, now }: { epoch: number; firstSequence: number; now: number }): void {
    if (this.identity().epoch === 0) this.#adoptEpoch.run(epoch);
    else this.#beginEpoch.run(epoch, firstSequence, now);
    this.recognise();
  }

  /** The last rejoin; `undefined` in the first life of a log. */
  rejoined(): Rejoined | undefined {
    return this.#rejoined.get();
  }

  setRejoined(rejoined: Rejoined): void {
    this.#setRejoined.run(rejoined);
  }

  /** When this copy was made as a backup (wall time, ms); `undefined` when it is none. */
  backupAt(): number | undefined {
    return this.#restored.get()?.backup_at ?? undefined;
  }

  hasHighWater(): boolean {
    return this.#restored.get()?.has_high_water === 1;
  }

  keepHighWater(): void {
    this.#keepHighWater.run();
  }

  restored(): Restored | undefined {
    const row = this.#restored.get();
    return row?.restored == null ? undefined : { kind: row.restored, at: row.restored_at ?? 0 };
  }

  setRestored({ kind, at }: Restored): void {
    this.#setRestored.run(kind, at);
  }

  /** The log is the one that central knows, and nothing is missing: it is no copy any more. */
  recognise(): void {
    this.#recognise.run();
  }

  #row(): NodeRow {
    return must(this.#read.get(), 'the node row is made at install');
  }
}
