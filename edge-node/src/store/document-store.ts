import type { Database } from 'better-sqlite3';
import type { Documents, DocumentWrite } from '../rules/documents.ts';

/** The node's documents: read by the rules, written with the movements they go with. */
export class DocumentStore implements Documents {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Inside the ledger's transaction. */
  write(write: DocumentWrite, now: number): void {
    throw new Error(`${this.#database.name} ${now} ${String(write)}`);
  }
}
