import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Backup, BackupRefused, backUpDatabase } from '@edgestock/shared/sqlite/backup';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { type Restored, restoreDatabaseLater } from '@edgestock/shared/sqlite/restore';
import Database from 'better-sqlite3';
import type { EndStanding } from '../move/move-ends.ts';
import { SqliteCentralStore } from './central-store.ts';
import { migrations } from './migrations.ts';
import { standingIn } from './move/standing.ts';

/** Names in central's data directory. */
export const STORE_FILE = 'central.db';
export const LOCK_FILE = 'central.lock';
/** What an operator names the directory by. */
export const DATA_DIR_SETTING = '--data-dir, or EDGESTOCK_CENTRAL_DATA_DIR';

/** What a copy of the store holds, as the copy itself says. */
export type BackedUp = {
  /** When it was copied, by the clock of who copied it, milliseconds since 1970 UTC. */
  readonly backedUpAt: number;
  readonly centralEpoch: number;
  /** How far each node's log is in it, by id. */
  readonly warehouses: readonly { readonly warehouse: string; readonly appliedUpTo: number }[];
  readonly reservationsHeld: number;
  /** Orders that are not finished. */
  readonly ordersOpen: number;
};

/** Copies the store into one file, whether or not central runs on it. Throws `BackupRefused`. */
export function backUpCentral(options: {
  readonly dataDirectory: string;
  readonly to: string;
  readonly now: number;
}): Backup & BackedUp {
  const { dataDirectory, to, now } = options;
  let held: BackedUp | undefined;
  const backup = backUpDatabase({
    from: join(dataDirectory, STORE_FILE),
    to,
    stamp: (copy) => {
      refuseStranger(copy, dataDirectory);
      const version = Number(copy.pragma('user_version', { simple: true }));
      if (version !== migrations.length) {
        throw new BackupRefused(
          `the store has schema ${version}, this release ${migrations.length}`,
          'Make the backup with the release that central runs, or start central once with this one.',
        );
      }
      refuseClosed(copy, dataDirectory);
      copy.prepare('UPDATE meta SET backed_up_at = ? WHERE id = 1').run(now);
      held = heldBy(copy, now);
    },
  });
  return { ...backup, ...(held ?? missing(to)) };
}

export type RestoredCentral = Restored &
  BackedUp & {
    readonly newEpoch: number;
    /** Where the store that was there had been moved to, which may be in use; absent where it had not. */
    readonly movedTo?: string;
  };

/**
 * Puts a backup in the place of central's store and begins another epoch in it, above that of the backup and of the store that it
 * replaces, before it has its name: no central ever runs on it in an epoch that nodes know. Nobody may run on the directory
 * (`DataDirectoryInUse`). Throws `BackupRefused` or `DatabaseRefused`.
 */
export async function restoreCentral(options: {
  readonly from: string;
  readonly dataDirectory: string;
  readonly replace: boolean;
  readonly now: number;
}): Promise<RestoredCentral> {
  const { from, dataDirectory, replace, now } = options;
  let begun: Omit<RestoredCentral, keyof Restored> | undefined;
  const restored = await restoreDatabaseLater({
    from,
    directory: dataDirectory,
    file: STORE_FILE,
    lock: LOCK_FILE,
    setting: DATA_DIR_SETTING,
    replace,
    now,
    check: async (copy) => {
      refuseStranger(copy, from);
      migrate(copy, migrations);
      openMovedAway(copy, from);
      const held = heldBy(copy, now);
      const reason = `restored from a backup of ${new Date(held.backedUpAt).toISOString()}`;
      const { centralEpoch: heard = 0, state, other = '' } = standingOf(join(dataDirectory, STORE_FILE));
      const { centralEpoch: newEpoch } = await new SqliteCentralStore(copy).beginEpoch({ heard, reason }, now);
      begun = { ...held, newEpoch, ...(state === 'left' ? { movedTo: other } : {}) };
    },
  });
  return { ...restored, ...(begun ?? missing(from)) };
}

/** Of the store that is to be replaced, as far as it can be read: its nodes know its epoch, and it may have been moved away. */
function standingOf(path: string): Partial<EndStanding> {
  if (!existsSync(path)) return {};
  try {
    const store = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return hasMoves(store) ? standingIn(store) : (store.prepare<[], { centralEpoch: number }>(EPOCH).get() ?? {});
    } finally {
      store.close();
    }
  } catch (error) {
    // It is damaged, perhaps: that is why there is a backup.
    if (!(error instanceof Database.SqliteError)) throw error;
    return {};
  }
}

const EPOCH = 'SELECT central_epoch AS centralEpoch FROM meta WHERE id = 1';

/** Releases before there were moves left stores that know nothing of them. */
function hasMoves(store: Database.Database): boolean {
  const columns = store.prepare<[], { name: string }>("SELECT name FROM pragma_table_info('meta')").all();
  return columns.some(({ name }) => name === 'move_state');
}

/** A copy of a store that was moved away, by other means, is one like any other: the next epoch begins before anybody runs on it. */
function openMovedAway(copy: Database.Database, from: string): void {
  const { state } = standingIn(copy);
  if (state !== 'here' && state !== 'left') {
    throw new BackupRefused(`${from} is not whole: a move into it had not come to its end`, 'Take another backup.');
  }
  copy.prepare("UPDATE meta SET move_state = 'here' WHERE id = 1").run();
}

/** Who keeps backups of a store that was moved away has none of the one in use, and would find that out when one is needed. */
function refuseClosed(copy: Database.Database, dataDirectory: string): void {
  const { state, other } = standingIn(copy);
  if (state === 'here') return;
  if (state !== 'left') {
    throw new BackupRefused(
      `the store in ${dataDirectory} is not whole: a move from ${other} into it had not come to its end`,
      `Back up ${other}, which is the store in use.`,
    );
  }
  throw new BackupRefused(
    `the store in ${dataDirectory} was moved to ${other} and is as it was then`,
    `Back up ${other} instead, with pg_dump or the archive of its server. To keep the closed store as well, copy its file: nobody writes to it.`,
  );
}

function refuseStranger(store: Database.Database, where: string): void {
  if (isCentralStore(store)) return;
  throw new BackupRefused(`${where} holds no store of central`, 'Name what edgestock central backup has written.');
}

/** And not that of a node, say. */
export function isCentralStore(store: Database.Database): boolean {
  const tables = store.prepare<[], { tables: number }>(
    "SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'node', 'batch', 'availability')",
  );
  return tables.get()?.tables === 4;
}

/** A copy that was made by other means does not say when: then it is as of now. */
function heldBy(store: Database.Database, now: number): BackedUp {
  const meta = store
    .prepare<[], { centralEpoch: number; backedUpAt: number | null }>(
      'SELECT central_epoch AS centralEpoch, backed_up_at AS backedUpAt FROM meta WHERE id = 1',
    )
    .get();
  const warehouses = store
    .prepare<[], BackedUp['warehouses'][number]>(
      'SELECT warehouse, applied_up_to AS appliedUpTo FROM node ORDER BY warehouse',
    )
    .all();
  const counts = store
    .prepare<[], { reservationsHeld: number; ordersOpen: number }>(`
      SELECT (SELECT count(*) FROM reservation WHERE state = 'held') AS reservationsHeld,
        (SELECT count(*) FROM orders WHERE state IN ('placed', 'firm')) AS ordersOpen`)
    .get();
  const { reservationsHeld = 0, ordersOpen = 0 } = counts ?? {};
  return {
    backedUpAt: meta?.backedUpAt ?? now,
    centralEpoch: meta?.centralEpoch ?? 1,
    warehouses,
    reservationsHeld,
    ordersOpen,
  };
}

function missing(where: string): never {
  throw new BackupRefused(`nothing could be read of ${where}`, 'Try again; if it stays so, report it.');
}
