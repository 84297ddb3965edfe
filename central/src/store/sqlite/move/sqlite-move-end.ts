import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { takeDataDirectory } from '@edgestock/shared/sqlite/data-directory';
import { openedSound, refuseDamaged } from '@edgestock/shared/sqlite/database-check';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import { DataDirectoryInUse, type ProcessLock } from '@edgestock/shared/sqlite/process-lock';
import type { Database } from 'better-sqlite3';
import type { EndStanding, HeldSource, MoveBeginning, MoveEnd, MoveReturn, TakePage } from '../../move/move-ends.ts';
import { MoveRefused } from '../../move/move-refused.ts';
import { META, type MovedRow, type MovedTable, type MovedValue, rowsPerPage } from '../../move/moved-table.ts';
import { StoreInUse } from '../../store-in-use.ts';
import type { MoveState } from '../../store-moved.ts';
import { isCentralStore, LOCK_FILE } from '../central-backup.ts';
import { SqliteCentralStore } from '../central-store.ts';
import { migrations } from '../migrations.ts';
import { standingIn } from './standing.ts';

const CACHE_KIB = 64 * 1_024;

/** A file as one end of a move. The data directory's lock is held as long as it is open, so that no central runs on it. */
export class SqliteMoveEnd implements MoveEnd {
  readonly #database: Database;
  readonly #tables: readonly MovedTable[];
  readonly #lock: ProcessLock;

  private constructor(database: Database, tables: readonly MovedTable[], lock: ProcessLock) {
    this.#database = database;
    this.#tables = tables;
    this.#lock = lock;
  }

  /**
   * Brings its schema up to date, as a start of central would. `isMade`: the file is made where it is not. Throws `StoreInUse`,
   * `MoveRefused`, `DataDirectoryUnusable`, `DatabaseDamaged`, and `DatabaseRefused` for a file of a newer release.
   */
  static open(path: string, tables: readonly MovedTable[], { isMade }: { readonly isMade: boolean }): SqliteMoveEnd {
    if (!isMade && !existsSync(path))
      throw new MoveRefused(`there is no store at ${path}`, 'Name the directory of its data.');
    const lock = locked(dirname(path));
    try {
      return new SqliteMoveEnd(
        openedSound(path, () => opened(path, { isMade })),
        tables,
        lock,
      );
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async hold<T>(work: (held: HeldSource) => Promise<T>): Promise<T> {
    const standing = await this.standing();
    return work({
      standing,
      count: async ({ name }) => this.#one<{ rows: number }>(`SELECT count(*) AS rows FROM "${name}"`).rows,
      read: (table, take) => this.read(table, take),
      leave: async ({ id, to }) => this.#mark('left', id, to),
    });
  }

  async standing(): Promise<EndStanding> {
    return standingIn(this.#database);
  }

  async isEmpty(): Promise<boolean> {
    const { used } = this.#one<{ used: number }>(`
      SELECT (SELECT count(*) FROM meta WHERE revision > 0 OR central_epoch > 1)
        + (SELECT count(*) FROM channel WHERE channel <> 'default' OR is_all = 0 OR buffer > 0) AS used`);
    const others = this.#tables.filter(({ name }) => name !== META && name !== 'channel');
    return used === 0 && others.every(({ name }) => this.#isTableEmpty(name));
  }

  async begin({ id, from, life }: MoveBeginning): Promise<void> {
    this.#database.transaction(() => {
      this.#mark('arriving', id, from);
      this.#database.prepare('UPDATE meta SET life = ? WHERE id = 1').run(life);
      for (const { name } of this.#tables) if (name !== META) this.#database.exec(`DELETE FROM "${name}"`);
    })();
    // What a power cut takes of a store that is begun anew is no loss; that it is whole is committed durably.
    this.#database.pragma('synchronous = NORMAL');
  }

  async put(table: MovedTable, rows: readonly MovedRow[]): Promise<void> {
    const statement = this.#database.prepare<unknown[]>(insertion(table));
    this.#database.transaction(() => {
      for (const row of rows) statement.run(row.map((value) => (typeof value === 'boolean' ? Number(value) : value)));
    })();
  }

  /** Ids that the database gives go on behind the largest by themselves. */
  async settle(): Promise<void> {}

  async read(table: MovedTable, take: TakePage): Promise<void> {
    const columns = table.columns.map(({ name }) => `"${name}"`).join(', ');
    const key = table.key.map((name) => `"${name}"`).join(', ');
    const statement = this.#database.prepare<[], MovedValue[]>(
      `SELECT ${columns} FROM "${table.name}" ORDER BY ${key}`,
    );
    const flags = [...table.columns.entries()].filter(([, { kind }]) => kind === 'flag').map(([place]) => place);
    const size = rowsPerPage(table);
    let page: MovedValue[][] = [];
    for (const row of statement.raw().iterate()) {
      for (const place of flags) row[place] = flagOf(row[place]);
      page.push(row);
      if (page.length < size) continue;
      await take(page);
      page = [];
    }
    if (page.length > 0) await take(page);
  }

  async arrive(): Promise<void> {
    this.#database.pragma('synchronous = FULL');
    this.#setState('arrived');
  }

  async open(): Promise<void> {
    this.#setState('here');
  }

  async giveUp({ to }: { readonly to: string }): Promise<void> {
    const { id } = await this.standing();
    this.#mark('left', id, to);
  }

  async takeBack({ heard, reason, now }: MoveReturn): Promise<number> {
    const { centralEpoch } = await new SqliteCentralStore(this.#database).beginEpoch({ heard, reason }, now);
    this.#setState('here');
    return centralEpoch;
  }

  async close(): Promise<void> {
    this.#database.close();
    this.#lock.release();
  }

  #mark(state: MoveState, id: string, other: string): void {
    this.#database
      .prepare<[MoveState, string, string]>('UPDATE meta SET move_state = ?, move_id = ?, move_other = ? WHERE id = 1')
      .run(state, id, other);
  }

  #setState(state: MoveState): void {
    this.#database.prepare<[MoveState]>('UPDATE meta SET move_state = ? WHERE id = 1').run(state);
  }

  #isTableEmpty(name: string): boolean {
    return this.#one<{ has: number }>(`SELECT EXISTS (SELECT 1 FROM "${name}") AS has`).has === 0;
  }

  #one<Row>(text: string): Row {
    return must(this.#database.prepare<[], Row>(text).get(), 'the statement has one row');
  }
}

function locked(directory: string): ProcessLock {
  try {
    return takeDataDirectory(directory, { lock: LOCK_FILE, setting: 'sqlite:DIR' });
  } catch (cause) {
    if (!(cause instanceof DataDirectoryInUse)) throw cause;
    throw new StoreInUse(`a central runs on ${directory}, or it is being moved`, { cause });
  }
}

function opened(path: string, { isMade }: { readonly isMade: boolean }): Database {
  const database = openDatabase(path, { cacheKiB: CACHE_KIB });
  try {
    refuseDamaged(database);
    const isNew = Number(database.pragma('user_version', { simple: true })) === 0;
    if (!isCentralStore(database) && !(isMade && isNew)) {
      throw new MoveRefused(`${path} holds no store of central`, 'Name the directory of its data, or an empty one.');
    }
    migrate(database, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function insertion({ name, columns }: MovedTable): string {
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const places = columns.map(() => '?').join(', ');
  // The one row of the store itself is there.
  if (name !== META) return `INSERT INTO "${name}" (${names}) VALUES (${places})`;
  return `UPDATE "${name}" SET (${names}) = (${places}) WHERE id = 1`;
}

function flagOf(value: MovedValue | undefined): boolean | null {
  return value === null || value === undefined ? null : value === 1;
}
