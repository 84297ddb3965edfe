import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Recount, StateAhead } from '@edgestock/shared/protocol/rejoin';
import type { NodeLife } from '../../../rules/rejoin.ts';
import type { LifeReader, LifeWriter, Overtaken, StateAheadOfLog } from '../../tables/life-table.ts';
import { firstRow, type Session } from '../session.ts';

type LifeRow = Omit<NodeLife, 'recount'> & { readonly recount: string };
type StateRow = Omit<StateAhead, 'ledToBy'> & {
  readonly sequence: number;
  readonly version: number;
  readonly at: number;
};

export class PostgresLifeReader implements LifeReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async of(warehouse: WarehouseId, instance: string): Promise<NodeLife | undefined> {
    const row = await firstRow<LifeRow>(
      this.#session,
      `SELECT epoch, instance, begun_at AS "begunAt", applied, hash, down_sequence AS "downSequence", down_hash AS "downHash",
         recount, lost, known_at AS "knownAt"
       FROM node_life WHERE warehouse = $1 AND instance = $2`,
      [warehouse, instance],
    );
    return row && { ...row, recount: row.recount as Recount };
  }

  overtaken(warehouse: WarehouseId, instance: string): Promise<Overtaken | undefined> {
    return firstRow<Overtaken>(
      this.#session,
      `SELECT epoch, begun_at AS at FROM node_life WHERE warehouse = $1 AND previous_instance = $2
       ORDER BY epoch DESC LIMIT 1`,
      [warehouse, instance],
    );
  }

  /** States that the life before an epoch had told ahead of its log, after a SKU. */
  async states(warehouse: WarehouseId, epoch: number, after: string, limit: number): Promise<readonly StateAhead[]> {
    const rows = await this.#session.rows<StateRow>(
      `SELECT sku, on_hand AS "onHand", unsellable, granted, sequence, version, at FROM node_life_state
       WHERE warehouse = $1 AND epoch = $2 AND sku > $3 ORDER BY sku LIMIT $4`,
      [warehouse, epoch, after, limit],
    );
    return rows.map(({ sequence, version, at, ...state }) => ({ ...state, ledToBy: { sequence, version, at } }));
  }

  async stateCount(warehouse: WarehouseId, epoch: number): Promise<number> {
    const row = await firstRow<{ states: number }>(
      this.#session,
      'SELECT count(*) AS states FROM node_life_state WHERE warehouse = $1 AND epoch = $2',
      [warehouse, epoch],
    );
    return row?.states ?? 0;
  }
}

export class PostgresLifeWriter implements LifeWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async begin(warehouse: WarehouseId, life: NodeLife, previousInstance: string): Promise<void> {
    const { epoch, instance, begunAt, applied, hash, downSequence, downHash, recount, lost, knownAt } = life;
    await this.#session.send(
      `UPDATE node SET epoch = $1, instance = $2, fence_reason = NULL, fenced_at = NULL, down_carried_out = $3, known_at = $4,
         heard_at = NULL, heard_committed = NULL, heard_sent = NULL, heard_skew_ms = NULL, heard_schema_min = NULL,
         heard_schema_max = NULL, heard_fence = NULL
       WHERE warehouse = $5`,
      [epoch, instance, downSequence, knownAt, warehouse],
    );
    await this.#session.send(
      `INSERT INTO node_life (warehouse, epoch, instance, previous_instance, begun_at, applied, hash, down_sequence, down_hash,
         recount, lost, known_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        ...[warehouse, epoch, instance, previousInstance, begunAt, applied, hash, downSequence, downHash],
        ...[recount, lost, knownAt],
      ],
    );
  }

  async statesAhead(warehouse: WarehouseId, applied: number): Promise<number> {
    const row = await firstRow<{ states: number }>(
      this.#session,
      'SELECT count(*) AS states FROM position WHERE warehouse = $1 AND sequence > $2',
      [warehouse, applied],
    );
    return row?.states ?? 0;
  }

  ahead(warehouse: WarehouseId, applied: number): Promise<readonly StateAheadOfLog[]> {
    return this.#session.rows<StateAheadOfLog>(
      `SELECT sku, log_sequence AS "logSequence" FROM position WHERE warehouse = $1 AND sequence > $2 ORDER BY sku`,
      [warehouse, applied],
    );
  }

  async settle(
    warehouse: WarehouseId,
    epoch: number,
    placed: readonly { readonly sku: Sku; readonly sequence: number; readonly version: number }[],
  ): Promise<void> {
    const skus = placed.map(({ sku }) => sku);
    await this.#session.send(
      `INSERT INTO node_life_state (warehouse, epoch, sku, on_hand, unsellable, granted, sequence, version, at)
       SELECT warehouse, $1::bigint, sku, on_hand, unsellable, granted, sequence, version, at FROM position
       WHERE warehouse = $2 AND sku = ANY($3::text[])`,
      [epoch, warehouse, skus],
    );
    await this.#session.send(
      `UPDATE position SET version = placed.version, sequence = placed.sequence
       FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS placed (sku, version, sequence)
       WHERE position.warehouse = $4 AND position.sku = placed.sku`,
      [skus, placed.map(({ version }) => version), placed.map(({ sequence }) => sequence), warehouse],
    );
  }
}
