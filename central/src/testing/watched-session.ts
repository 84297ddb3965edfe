import { firstRow, type Meta, type Parameter, type Session, type WritingSession } from '../store/postgres/session.ts';

/** The session of a test as the one of a transaction: `begin` reads what a transaction finds; statements are counted. */
export class WatchedSession implements WritingSession {
  readonly #session: Session;
  readonly takeovers = 0;
  meta: Meta = { revision: 0, structure: 0, writer: '' };
  statements = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  async begin(): Promise<void> {
    const meta = await firstRow<Meta>(this.#session, 'SELECT revision, structure, writer FROM meta');
    if (meta !== undefined) this.meta = meta;
    this.statements = 0;
  }

  rows<Row extends object>(text: string, parameters?: readonly Parameter[]): Promise<readonly Row[]> {
    this.statements += 1;
    return this.#session.rows<Row>(text, parameters);
  }

  run(text: string, parameters?: readonly Parameter[]): Promise<number> {
    this.statements += 1;
    return this.#session.run(text, parameters);
  }

  send(text: string, parameters?: readonly Parameter[]): Promise<void> {
    this.statements += 1;
    return this.#session.send(text, parameters);
  }
}
