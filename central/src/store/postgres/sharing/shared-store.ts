import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { SHARD_COUNT } from '@edgestock/shared/protocol/version';
import { must } from '@edgestock/shared/runtime/assert';
import type { ChangeNotice } from '../../central-store.ts';
import type { SharedStore, Standing } from '../../shared-store.ts';
import { type MoveStanding, refuseMoved } from '../../store-moved.ts';
import { firstRow, type Session } from '../session.ts';

/** Milliseconds since 1970 by the clock of the database, as of the statement. */
const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
const LANES = Array.from({ length: SHARD_COUNT }, (_, lane) => lane);

/** Each call is one statement, or several that may be repeated: leases are kept by conditional updates, and held by no lock. */
export class PostgresSharedStore implements SharedStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async standing(): Promise<Standing> {
    const row = await firstRow<Standing & MoveStanding>(
      this.#session,
      `SELECT revision, central_epoch AS "centralEpoch", life, move_state AS state, move_id AS id, move_other AS other
       FROM meta WHERE id = 1`,
    );
    const standing = must(row, 'the row is made with the store');
    refuseMoved(standing);
    const { revision, centralEpoch, life } = standing;
    return { revision, centralEpoch, life };
  }

  /** Channel by channel, since the index of revisions begins with the channel. */
  noticesAfter(revision: number, limit: number): Promise<readonly ChangeNotice[]> {
    return this.#session.rows<ChangeNotice>(
      `SELECT changed.sku, changed.revision FROM channel c
         CROSS JOIN LATERAL (
           SELECT sku, revision FROM availability WHERE channel = c.channel AND revision > $1 ORDER BY revision LIMIT $2
         ) changed
       ORDER BY changed.revision LIMIT $2`,
      [revision, limit],
    );
  }

  openLogs(): Promise<readonly { readonly warehouse: WarehouseId; readonly sequence: number }[]> {
    return this.#session.rows<{ warehouse: WarehouseId; sequence: number }>(
      `SELECT warehouse, down_sequence AS sequence FROM node WHERE down_sequence > down_carried_out ORDER BY warehouse`,
    );
  }

  async beat(worker: string, termMs: number): Promise<{ readonly workers: number; readonly owned: readonly number[] }> {
    await this.#session.run(
      `INSERT INTO worker (worker, alive_until) VALUES ($1, ${NOW} + $2)
       ON CONFLICT (worker) DO UPDATE SET alive_until = excluded.alive_until`,
      [worker, termMs],
    );
    const owned = await this.#session.rows<{ lane: number }>(
      `UPDATE lane SET owned_until = ${NOW} + $2 WHERE worker = $1 AND owned_until > ${NOW} RETURNING lane`,
      [worker, termMs],
    );
    const alive = await firstRow<{ workers: number }>(
      this.#session,
      `SELECT count(*) AS workers FROM worker WHERE alive_until > ${NOW}`,
    );
    return { workers: alive?.workers ?? 1, owned: inOrder(owned) };
  }

  async claim(worker: string, lanesMax: number, termMs: number): Promise<readonly number[]> {
    // Made by whoever comes first.
    await this.#session.run(
      `INSERT INTO lane (lane, worker, owned_until) SELECT unnest($1::bigint[]), '', 0 ON CONFLICT (lane) DO NOTHING`,
      [LANES],
    );
    const free = await this.#session.rows<{ lane: number }>(
      `SELECT lane FROM lane WHERE owned_until <= ${NOW} ORDER BY lane LIMIT $1`,
      [lanesMax],
    );
    if (free.length === 0) return [];
    // Whoever was faster has made the condition false.
    const claimed = await this.#session.rows<{ lane: number }>(
      `UPDATE lane SET worker = $1, owned_until = ${NOW} + $2
       WHERE lane = ANY($3::bigint[]) AND owned_until <= ${NOW} RETURNING lane`,
      [worker, termMs, free.map(({ lane }) => lane)],
    );
    return inOrder(claimed);
  }

  async release(worker: string, lanes: readonly number[]): Promise<void> {
    await this.#session.run('UPDATE lane SET owned_until = 0 WHERE worker = $1 AND lane = ANY($2::bigint[])', [
      worker,
      lanes,
    ]);
  }

  async leave(worker: string): Promise<void> {
    await this.#session.run('UPDATE lane SET owned_until = 0 WHERE worker = $1', [worker]);
    await this.#session.run(`DELETE FROM worker WHERE worker = $1 OR alive_until <= ${NOW} - 86400000`, [worker]);
  }
}

function inOrder(rows: readonly { readonly lane: number }[]): readonly number[] {
  return rows.map(({ lane }) => lane).sort((a, b) => a - b);
}
