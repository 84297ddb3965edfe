import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import type { EndStanding, HeldSource, MoveBeginning, MoveEnd, MoveReturn, TakePage } from '../../move/move-ends.ts';
import {
  type ColumnKind,
  META,
  type MovedRow,
  type MovedTable,
  type MovedValue,
  rowsPerPage,
} from '../../move/moved-table.ts';
import type { MoveState } from '../../store-moved.ts';
import { PostgresCentralStore } from '../central-store.ts';
import { migrate } from '../migrate.ts';
import { migrations } from '../migrations.ts';
import { refusalOf } from '../open-central-store.ts';
import { ServerDatabase } from '../server-database.ts';
import {
  firstRow,
  type Parameter,
  type PostgresDatabase,
  raiseStructure,
  type Session,
  type TransactionSession,
} from '../session.ts';
import { refuseCentrals, takeSoleUse } from '../sole-use.ts';
import { standingIn } from './standing.ts';

const types: Readonly<Record<ColumnKind, string>> = {
  text: 'text',
  integer: 'bigint',
  flag: 'boolean',
  bytes: 'bytea',
};

/** A database of a server as one end of a move. */
export class PostgresMoveEnd implements MoveEnd {
  readonly #database: PostgresDatabase;
  readonly #tables: readonly MovedTable[];

  /** The database is migrated, and lets a transaction last for as long as it likes. */
  constructor(database: PostgresDatabase, tables: readonly MovedTable[]) {
    this.#database = database;
    this.#tables = tables;
  }

  /** Brings its schema up to date, as a start of central would. Throws what `openPostgresStore` does. */
  static async open(url: string, tables: readonly MovedTable[]): Promise<PostgresMoveEnd> {
    const database = new ServerDatabase(url, { readersMax: 1, name: 'edgestock move', isUnhurried: true });
    try {
      await migrate(database, migrations);
      return new PostgresMoveEnd(database, tables);
    } catch (error) {
      await database.close();
      throw refusalOf(error);
    }
  }

  /** One transaction: whoever wants to write waits for its end, and finds the mark there. */
  hold<T>(work: (held: HeldSource) => Promise<T>): Promise<T> {
    return this.#locked(async (session) =>
      work({
        standing: await standingIn(session),
        count: async ({ name }) =>
          must(await firstRow<{ rows: number }>(session, `SELECT count(*) AS rows FROM "${name}"`), 'a count').rows,
        read: (table, take) => readIn(session, table, take),
        leave: async ({ id, to }) => {
          await refuseCentrals(session);
          await mark(session, 'left', id, to);
        },
      }),
    );
  }

  standing(): Promise<EndStanding> {
    return this.#database.transaction(standingIn);
  }

  isEmpty(): Promise<boolean> {
    return this.#database.transaction(async (session) => {
      const others = this.#tables.filter(({ name }) => name !== META && name !== 'channel');
      const row = await firstRow<{ used: boolean }>(
        session,
        `SELECT EXISTS (SELECT 1 FROM meta WHERE revision > 0 OR central_epoch > 1)
           OR EXISTS (SELECT 1 FROM channel WHERE channel <> 'default' OR NOT is_all OR buffer > 0)
           ${others.map(({ name }) => `OR EXISTS (SELECT 1 FROM "${name}")`).join(' ')} AS used`,
      );
      return row?.used === false;
    });
  }

  async begin({ id, from, life }: MoveBeginning): Promise<void> {
    await this.#locked(async (session) => {
      await mark(session, 'arriving', id, from);
      await session.run('UPDATE meta SET life = $1 WHERE id = 1', [life]);
      const names = this.#tables.filter(({ name }) => name !== META).map(({ name }) => `"${name}"`);
      await session.script(`TRUNCATE ${names.join(', ')}`);
    });
  }

  async put(table: MovedTable, rows: readonly MovedRow[]): Promise<void> {
    const parameters = table.columns.map((_, place) => rows.map((row) => row[place] ?? null));
    await this.#database.transaction(async (session) => {
      // What a power cut takes of a store that is begun anew is no loss; that it is whole is committed durably.
      await session.script('SET LOCAL synchronous_commit = off');
      await session.run(insertion(table), parameters);
    });
  }

  async settle(): Promise<void> {
    await this.#database.transaction(async (session) => {
      for (const generated of await generatedIn(session, this.#tables)) await goOnBehind(session, generated);
    });
    await this.#database.transaction((session) => session.script('ANALYZE'));
  }

  async read(table: MovedTable, take: TakePage): Promise<void> {
    await this.#database.transaction((session) => readIn(session, table, take));
  }

  async arrive(): Promise<void> {
    await this.#setState('arrived');
  }

  async open(): Promise<void> {
    await this.#setState('here');
  }

  async giveUp({ to }: { readonly to: string }): Promise<void> {
    await this.#locked(async (session) => mark(session, 'left', (await standingIn(session)).id, to));
  }

  async takeBack({ heard, reason, now }: MoveReturn): Promise<number> {
    const parts = { clock: systemClock, random: systemRandom, isMovedServed: true };
    const { centralEpoch } = await new PostgresCentralStore(this.#database, parts).beginEpoch({ heard, reason }, now);
    await this.#setState('here');
    return centralEpoch;
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #setState(state: MoveState): Promise<void> {
    await this.#database.transaction(async (session) => {
      await session.run('UPDATE meta SET move_state = $1 WHERE id = 1', [state]);
      await raiseStructure(session);
    });
  }

  /** Holds the row that writers lock. Throws `StoreInUse` where somebody else is at work. */
  async #locked<T>(work: (session: TransactionSession) => Promise<T>): Promise<T> {
    return this.#database.transaction(async (session) => {
      await session.script('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await takeSoleUse(session);
      return work(session);
    });
  }
}

async function mark(session: Session, state: MoveState, id: string, other: string): Promise<void> {
  await session.run(
    'UPDATE meta SET move_state = $1, move_id = $2, move_other = $3, structure = structure + 1 WHERE id = 1',
    [state, id, other],
  );
}

/** By a cursor: no page asks for those before it again. */
async function readIn(session: Session, table: MovedTable, take: TakePage): Promise<void> {
  const names = table.columns.map(({ name }) => name);
  const listed = names.map((name) => `"${name}"`).join(', ');
  const key = table.key.map((name) => `"${name}"`).join(', ');
  // A name of its own: the server keeps the statement, and what it answers must not change.
  const cursor = `moved_${table.name}`;
  await session.run(`DECLARE ${cursor} NO SCROLL CURSOR FOR SELECT ${listed} FROM "${table.name}" ORDER BY ${key}`);
  for (;;) {
    const rows = await session.rows<Readonly<Record<string, MovedValue>>>(
      `FETCH FORWARD ${rowsPerPage(table)} FROM ${cursor}`,
    );
    if (rows.length === 0) break;
    await take(rows.map((row) => names.map((name) => row[name] ?? null)));
  }
  await session.run(`CLOSE ${cursor}`);
}

function insertion({ name, columns }: MovedTable): string {
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  const arrays = columns.map(({ kind }, place) => `$${place + 1}::${types[kind]}[]`).join(', ');
  const rows = `SELECT ${names} FROM unnest(${arrays}) AS row (${names})`;
  // The one row of the store itself is there.
  if (name === META) return `UPDATE "${name}" SET (${names}) = (${rows}) WHERE id = 1`;
  return `INSERT INTO "${name}" (${names}) ${rows}`;
}

type Generated = { readonly table: string; readonly column: string; readonly sequence: string };

/** Columns whose values the database gives. */
function generatedIn(session: Session, tables: readonly MovedTable[]): Promise<readonly Generated[]> {
  return session.rows<Generated>(
    `SELECT table_name AS "table", column_name AS "column",
       coalesce(pg_get_serial_sequence(quote_ident(table_name), column_name),
         substring(column_default FROM '^nextval\\(''(.*)''::regclass\\)$')) AS sequence
     FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = ANY($1::text[])
       AND (is_identity = 'YES' OR column_default LIKE 'nextval(%')`,
    [tables.map(({ name }) => name)],
  );
}

async function goOnBehind(session: Session, { table, column, sequence }: Generated): Promise<void> {
  const given: readonly Parameter[] = [sequence];
  await session.rows(
    `SELECT setval($1::text::regclass, coalesce(max("${column}"), 1), max("${column}") IS NOT NULL) FROM "${table}"`,
    given,
  );
}
