/** What a statement may be given. An array becomes an array of the server's: `unnest($1::text[])`. */
export type Scalar = string | number | boolean | null | Uint8Array;
export type Parameter = Scalar | readonly Scalar[];

/**
 * Runs statements on one connection. `$1` placeholders; statements are prepared. int8 comes as number, bytea as Uint8Array,
 * NULL as null.
 */
export interface Session {
  rows<Row extends object>(text: string, parameters?: readonly Parameter[]): Promise<readonly Row[]>;
  /** How many rows it changed. */
  run(text: string, parameters?: readonly Parameter[]): Promise<number>;
  /**
   * For what must be done and has no answer. In a transaction of `Transactions` the next statement does not wait for it: it is
   * sent behind it. When it fails, the transaction does.
   */
  send(text: string, parameters?: readonly Parameter[]): Promise<void>;
}

/** The one row of the store itself, as it was when the transaction locked it. */
export type Meta = {
  readonly revision: number;
  readonly structure: number;
  /** The process that wrote last; '' = none yet. */
  readonly writer: string;
};

/** Sees the transaction that runs; outside of one, every call is a mistake. */
export interface WritingSession extends Session {
  readonly meta: Meta;
  /** How often another process has written between two transactions of this one. */
  readonly takeovers: number;
}

/** A transaction of its own, or a reading one. */
export interface TransactionSession extends Session {
  /** Several statements, without parameters. */
  script(text: string): Promise<void>;
}

/** A database as the adapter needs it: one connection that writes, any number that read. */
export interface PostgresDatabase {
  /** Each statement for itself, on any connection. */
  readonly reads: Session;
  /** Several reads that see one state. */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * One attempt at a transaction (READ COMMITTED) on the writing connection: commits when the work resolves, rolls back when it
   * rejects, and rejects when nobody can say which of both happened. One at a time.
   */
  transaction<T>(work: (session: TransactionSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The first row, for statements that find at most one. */
export async function firstRow<Row extends object>(
  session: Session,
  text: string,
  parameters: readonly Parameter[] = [],
): Promise<Row | undefined> {
  return (await session.rows<Row>(text, parameters))[0];
}

/** Makes every writer read anew what it keeps at hand between transactions; belongs into the transaction that changes it. */
export async function raiseStructure(session: Session): Promise<void> {
  await session.send('UPDATE meta SET structure = structure + 1 WHERE id = 1');
}
