import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { DownTrimTable, TrimmableLog } from '../../tables/down-table.ts';
import type { Session } from '../session.ts';

/** `DownTrimTable` on PostgreSQL. */
export class PostgresDownTrimTable implements DownTrimTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async logs(before: number): Promise<readonly TrimmableLog[]> {
    return this.#session.rows<TrimmableLog>(
      `SELECT n.warehouse, least(n.down_carried_out, n.down_covered) AS "carriedOut", coalesce(t.sequence, 0) AS trimmed,
        (SELECT max(m.at) FROM down_mark m WHERE m.warehouse = n.warehouse) AS "markedAt",
        (SELECT max(m.sequence) FROM down_mark m WHERE m.warehouse = n.warehouse AND m.at <= $1) AS past
      FROM node n LEFT JOIN down_trim t ON t.warehouse = n.warehouse ORDER BY n.warehouse`,
      [before],
    );
  }

  async mark(warehouse: WarehouseId, at: number, carriedOut: number): Promise<void> {
    await this.#session.send('INSERT INTO down_mark (warehouse, at, sequence) VALUES ($1, $2, $3)', [
      warehouse,
      at,
      carriedOut,
    ]);
  }

  async unmark(warehouse: WarehouseId, upToAt: number, upTo: number): Promise<void> {
    await this.#session.send('DELETE FROM down_mark WHERE warehouse = $1 AND at <= $2 AND sequence <= $3', [
      warehouse,
      upToAt,
      upTo,
    ]);
  }

  /** A body goes with the last directive that shares it. All parts see the log as it was: what goes here still seems to share it. */
  async drop(warehouse: WarehouseId, upTo: number): Promise<boolean> {
    const begun = await this.#session.run(
      `WITH last AS (SELECT hash FROM directive WHERE warehouse = $1 AND sequence = $2),
      gone AS (
        DELETE FROM directive WHERE warehouse = $1 AND sequence <= $2 AND EXISTS (SELECT 1 FROM last) RETURNING body),
      bodies AS (
        DELETE FROM directive_body WHERE id IN (SELECT body FROM gone) AND NOT EXISTS (
          SELECT 1 FROM directive d WHERE d.body = directive_body.id AND (d.warehouse <> $1 OR d.sequence > $2)))
      INSERT INTO down_trim (warehouse, sequence, hash) SELECT $1, $2, hash FROM last
      ON CONFLICT (warehouse) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`,
      [warehouse, upTo],
    );
    return begun > 0;
  }
}
