import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHash } from '@edgestock/shared/protocol/chain';
import { readableDelta } from '@edgestock/shared/protocol/readable-delta';
import { BackupRefused } from '@edgestock/shared/sqlite/backup';
import { integrityFindings, isDamage } from '@edgestock/shared/sqlite/database-check';
import { removed } from '@edgestock/shared/sqlite/database-file';
import { ProcessLock } from '@edgestock/shared/sqlite/process-lock';
import { restoreDatabase } from '@edgestock/shared/sqlite/restore';
import { type SalvagedTable, salvageRows } from '@edgestock/shared/sqlite/salvage';
import Database from 'better-sqlite3';
import { DATABASE_FILE, LOCK_FILE } from './edge-backup.ts';
import { MovementStore } from './movement-store.ts';

export type Salvaged = {
  readonly warehouse: string;
  /** The new books, and where the damaged ones are kept. */
  readonly path: string;
  readonly kept: string;
  /** What was wrong, in SQLite's words. */
  readonly findings: readonly string[];
  /** Movements that were read and belong to the log; places of the log that are missing; rows that were read and are not what was written. */
  readonly movements: number;
  readonly missing: number;
  readonly altered: number;
  readonly tables: readonly SalvagedTable[];
};

const START_EMPTY =
  'Restore the last backup, or start the node on a new, empty directory; then let it take back what central has: edgestock edge rejoin. Keep this directory: what was sold without a link is only in it.';

/**
 * Takes what can be read of damaged books into new ones, and keeps the damaged ones aside. The new ones are of another
 * installation: until the node has rejoined central takes nothing of them, since places of their log may be missing. Of the log
 * only what its chain of hashes proves is taken. Throws `BackupRefused` where there is nothing to salvage, or nothing can be.
 */
export function salvageNode(options: {
  readonly dataDir: string;
  readonly warehouse: WarehouseId;
  /** Random, 32 hexadecimal digits: the installation that goes on. */
  readonly instance: string;
  readonly now: number;
}): Salvaged {
  const { dataDir, warehouse, now } = options;
  const path = join(dataDir, DATABASE_FILE);
  if (!existsSync(path)) {
    throw new BackupRefused(`there is no database in ${dataDir}`, 'Name the data directory of a node that has run.');
  }
  const draft = `${path}.salvaged`;
  const lock = ProcessLock.take(join(dataDir, LOCK_FILE));
  try {
    const findings = integrityFindings(path);
    if (findings.length === 0) {
      throw new BackupRefused(`the database in ${dataDir} is sound`, 'There is nothing to salvage: start the node.');
    }
    removed(draft);
    const read = readInto(draft, path, options);
    lock.release();
    const { kept } = restoreDatabase({
      ...{
        from: draft,
        directory: dataDir,
        file: DATABASE_FILE,
        lock: LOCK_FILE,
        setting: '--data-dir',
        replace: true,
        now,
      },
      check: () => undefined,
    });
    return { warehouse, path, kept: kept ?? path, findings, ...read };
  } finally {
    lock.release();
    removed(draft);
  }
}

type Read = Pick<Salvaged, 'movements' | 'missing' | 'altered' | 'tables'>;

function readInto(
  draft: string,
  path: string,
  { warehouse, instance, now }: { readonly warehouse: WarehouseId; readonly instance: string; readonly now: number },
): Read {
  const to = new Database(draft);
  try {
    const tables = readRows(path, to);
    const owner = ownerOf(to);
    if (owner === undefined) {
      throw new BackupRefused(`whose books ${path} holds can no longer be read`, START_EMPTY);
    }
    if (owner.warehouse !== warehouse) {
      throw new BackupRefused(
        `${path} is of the warehouse ${owner.warehouse}, not of ${warehouse}`,
        'Name the right directory, or the right --warehouse.',
      );
    }
    // Where it could not be read, central still says at the rejoin in which one the warehouse is.
    const isEpochRead = tables.some(({ table, isWhole }) => table === 'epoch' && isWhole);
    if (!isEpochRead)
      to.prepare('INSERT OR IGNORE INTO epoch (epoch, first_sequence, begun_at) VALUES (0, 1, ?)').run(now);
    else if (owner.epoch === 0) {
      throw new BackupRefused(
        'central has never heard of this node, so it has nothing to rejoin on',
        'Restore a backup; or begin with an empty directory, and count.',
      );
    }
    const altered = dropAltered(to);
    to.prepare('UPDATE node SET instance = ?, restored = ?, restored_at = ? WHERE id = 1').run(
      instance,
      'salvaged',
      now,
    );
    const [movements = 0] = to.prepare<[], number>('SELECT count(*) FROM movement').pluck().all();
    return { movements, missing: owner.sequence - owner.checkpoint - movements, altered, tables };
  } finally {
    to.close();
  }
}

function readRows(path: string, to: Database.Database): readonly SalvagedTable[] {
  try {
    const from = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return salvageRows(from, to);
    } finally {
      from.close();
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new BackupRefused(
      `nothing can be read of ${path}, since not even its schema can: ${error.message}`,
      START_EMPTY,
      { cause: error },
    );
  }
}

type Owner = {
  readonly warehouse: string;
  readonly sequence: number;
  readonly checkpoint: number;
  readonly epoch: number;
};

function ownerOf(books: Database.Database): Owner | undefined {
  const isNode = books.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'epoch'").get();
  if (isNode === undefined) return undefined;
  return books
    .prepare<[], Owner>(
      `SELECT warehouse, sequence, checkpoint_sequence AS checkpoint, coalesce((SELECT max(epoch) FROM epoch), 0) AS epoch
       FROM node WHERE id = 1`,
    )
    .get();
}

const PAGE_ROWS = 512;

/** Rows of the log that are not what was hashed, or that nobody can read. Behind a gap the first has nothing to be held against. */
function dropAltered(books: Database.Database): number {
  const movements = new MovementStore(books);
  const drop = books.prepare('DELETE FROM movement WHERE sequence = ?');
  const altered: number[] = [];
  let before: { readonly sequence: number; readonly hash: Uint8Array } | undefined;
  for (let after = 0; ; ) {
    const rows = movements.after(after, PAGE_ROWS);
    for (const { sequence, delta, hash } of rows) {
      const isNext = before?.sequence === sequence - 1;
      const isProven = !isNext || before === undefined || chainHash(before.hash, delta).equals(hash);
      if (isProven && readableDelta(delta) !== undefined) before = { sequence, hash };
      else {
        altered.push(sequence);
        before = undefined;
      }
      after = sequence;
    }
    if (rows.length < PAGE_ROWS) break;
  }
  for (const sequence of altered) drop.run(sequence);
  return altered.length;
}
