import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { DownTrimTable, TrimmableLog } from '../../tables/down-table.ts';

export class SqliteDownTrimTable implements DownTrimTable {
  readonly #logs: Statement<[number], TrimmableLog>;
  readonly #mark: Statement<[string, number, number]>;
  readonly #unmark: Statement<[string, number, number]>;
  readonly #hashAt: Statement<[string, number], { hash: Buffer }>;
  readonly #bodies: Statement<[string, number], { body: number }>;
  readonly #drop: Statement<[string, number]>;
  readonly #dropBody: Statement<[number]>;
  readonly #begin: Statement<[string, number, Uint8Array]>;

  constructor(database: Database) {
    this.#logs = database.prepare(`
      SELECT n.warehouse, min(n.down_carried_out, n.down_covered) AS carriedOut, coalesce(t.sequence, 0) AS trimmed,
        (SELECT max(at) FROM down_mark m WHERE m.warehouse = n.warehouse) AS markedAt,
        (SELECT max(sequence) FROM down_mark m WHERE m.warehouse = n.warehouse AND m.at <= ?) AS past
      FROM node n LEFT JOIN down_trim t ON t.warehouse = n.warehouse ORDER BY n.warehouse`);
    this.#mark = database.prepare('INSERT INTO down_mark (warehouse, at, sequence) VALUES (?, ?, ?)');
    this.#unmark = database.prepare('DELETE FROM down_mark WHERE warehouse = ? AND at <= ? AND sequence <= ?');
    this.#hashAt = database.prepare('SELECT hash FROM directive WHERE warehouse = ? AND sequence = ?');
    this.#bodies = database.prepare(
      'SELECT DISTINCT body FROM directive WHERE warehouse = ? AND sequence <= ? AND body IS NOT NULL',
    );
    this.#drop = database.prepare('DELETE FROM directive WHERE warehouse = ? AND sequence <= ?');
    this.#dropBody = database.prepare(`
      DELETE FROM directive_body WHERE id = ? AND NOT EXISTS (SELECT 1 FROM directive WHERE body = directive_body.id)`);
    this.#begin = database.prepare(`
      INSERT INTO down_trim (warehouse, sequence, hash) VALUES (?, ?, ?)
      ON CONFLICT (warehouse) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`);
  }

  logs(before: number): readonly TrimmableLog[] {
    return this.#logs.all(before);
  }

  mark(warehouse: WarehouseId, at: number, carriedOut: number): void {
    this.#mark.run(warehouse, at, carriedOut);
  }

  unmark(warehouse: WarehouseId, upToAt: number, upTo: number): void {
    this.#unmark.run(warehouse, upToAt, upTo);
  }

  drop(warehouse: WarehouseId, upTo: number): boolean {
    const last = this.#hashAt.get(warehouse, upTo);
    if (last === undefined) return false;
    const bodies = this.#bodies.all(warehouse, upTo);
    this.#drop.run(warehouse, upTo);
    for (const { body } of bodies) this.#dropBody.run(body);
    this.#begin.run(warehouse, upTo, last.hash);
    return true;
  }
}
