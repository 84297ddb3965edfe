import { join } from 'node:path';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { type Backup, BackupRefused, backUpDatabase } from '@edgestock/shared/sqlite/backup';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { type Restored, restoreDatabase } from '@edgestock/shared/sqlite/restore';
import type { Database } from 'better-sqlite3';
import { migrations } from './migrations.ts';

export const DATABASE_FILE = 'edge.sqlite';
export const LOCK_FILE = 'lock';
/** What an operator names the directory by. */
export const DATA_DIR_SETTING = '--data-dir, or EDGESTOCK_EDGE_DATA_DIR';

/** Whose log is in a file, up to where, and when the copy was made (wall time, ms). */
export type BackedUp = {
  readonly warehouse: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly backupAt: number;
};

/** Copies the books of a node, running or not, into one file that says of itself that it is a backup. Throws `BackupRefused`. */
export function backUpNode(options: {
  readonly dataDir: string;
  readonly to: string;
  readonly now: number;
}): Backup & BackedUp {
  const { dataDir, to, now } = options;
  let backedUp: BackedUp | undefined;
  const backup = backUpDatabase({
    from: join(dataDir, DATABASE_FILE),
    to,
    stamp: (copy) => {
      refuseOtherSchema(copy);
      copy.prepare('UPDATE node SET backup_at = ? WHERE id = 1').run(now);
      backedUp = readBackedUp(copy, dataDir);
    },
  });
  return { ...backup, ...(backedUp ?? readNothing(dataDir)) };
}

/**
 * Puts a backup in the place of a node's books. Whatever it is a copy of, from then on it is one that was restored: the node
 * makes no promises before central has recognised its log. Throws `BackupRefused`, `DatabaseRefused` or `DataDirectoryInUse`.
 */
export function restoreNode(options: {
  readonly from: string;
  readonly dataDir: string;
  readonly warehouse: WarehouseId;
  readonly replace: boolean;
  readonly now: number;
}): Restored & BackedUp {
  const { from, dataDir, warehouse, replace, now } = options;
  let backedUp: BackedUp | undefined;
  const restored = restoreDatabase({
    ...{ from, directory: dataDir, file: DATABASE_FILE, lock: LOCK_FILE, setting: '--data-dir', replace, now },
    check: (backup) => {
      const found = readOwner(backup);
      if (found === undefined) throw new BackupRefused(`${from} holds no books of a node`, 'Name a backup of a node.');
      if (found !== warehouse) {
        throw new BackupRefused(
          `${from} is of the warehouse ${found}, not of ${warehouse}`,
          'Name the right file, or the right --warehouse.',
        );
      }
      migrate(backup, migrations);
      backup.prepare('UPDATE node SET backup_at = coalesce(backup_at, ?) WHERE id = 1').run(now);
      backedUp = readBackedUp(backup, from);
    },
  });
  return { ...restored, ...(backedUp ?? readNothing(from)) };
}

function refuseOtherSchema(copy: Database): void {
  const version = Number(copy.pragma('user_version', { simple: true }));
  if (version === migrations.length) return;
  throw new BackupRefused(
    `the database has schema ${version}, this release ${migrations.length}`,
    'Make the backup with the release that the node runs, or start the node once with this one.',
  );
}

function readOwner(database: Database): string | undefined {
  const isNode = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'epoch'").get();
  if (isNode === undefined) return undefined;
  return database.prepare<[], { warehouse: string }>('SELECT warehouse FROM node WHERE id = 1').get()?.warehouse;
}

function readBackedUp(database: Database, where: string): BackedUp {
  const row = database
    .prepare<[], BackedUp>(
      `SELECT warehouse, (SELECT max(epoch) FROM epoch) AS epoch, sequence, backup_at AS backupAt FROM node WHERE id = 1`,
    )
    .get();
  return row ?? readNothing(where);
}

function readNothing(where: string): never {
  throw new BackupRefused(
    `there are no books of a node in ${where}`,
    'Name the data directory of a node that has run.',
  );
}
