import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Recount, StateAhead } from '@edgestock/shared/protocol/rejoin';
import type { Database, Statement } from 'better-sqlite3';
import type { NodeLife } from '../../../rules/rejoin.ts';
import { type LifeStateRow, stateAheadOf } from '../../rows/life-state-row.ts';
import type { LifeReader, LifeWriter, Overtaken, StateAheadOfLog } from '../../tables/life-table.ts';

type LifeRow = Omit<NodeLife, 'hash' | 'downHash' | 'recount'> & { hash: Buffer; downHash: Buffer; recount: string };

/** Reads the lives of nodes that have rejoined. */
export class SqliteLifeReader implements LifeReader {
  readonly #of: Statement<[string, string], LifeRow>;
  readonly #overtaken: Statement<[string, string], Overtaken>;
  readonly #states: Statement<[string, number, string, number], LifeStateRow>;
  readonly #count: Statement<[string, number], { states: number }>;

  constructor(database: Database) {
    this.#of = database.prepare(`
      SELECT epoch, instance, begun_at AS begunAt, applied, hash, down_sequence AS downSequence, down_hash AS downHash, recount,
        lost, known_at AS knownAt
      FROM node_life WHERE warehouse = ? AND instance = ?`);
    this.#overtaken = database.prepare(`
      SELECT epoch, begun_at AS at FROM node_life WHERE warehouse = ? AND previous_instance = ? ORDER BY epoch DESC LIMIT 1`);
    this.#states = database.prepare(`
      SELECT sku, on_hand AS onHand, unsellable, granted, sequence, version, at FROM node_life_state
      WHERE warehouse = ? AND epoch = ? AND sku > ? ORDER BY sku LIMIT ?`);
    this.#count = database.prepare('SELECT count(*) AS states FROM node_life_state WHERE warehouse = ? AND epoch = ?');
  }

  /** The life that this installation began, if it has rejoined. */
  of(warehouse: WarehouseId, instance: string): NodeLife | undefined {
    const row = this.#of.get(warehouse, instance);
    return row && { ...row, recount: row.recount as Recount };
  }

  /** When this installation lost the warehouse. */
  overtaken(warehouse: WarehouseId, instance: string): Overtaken | undefined {
    return this.#overtaken.get(warehouse, instance);
  }

  states(warehouse: WarehouseId, epoch: number, after: string, limit: number): readonly StateAhead[] {
    return this.#states.all(warehouse, epoch, after, limit).map(stateAheadOf);
  }

  stateCount(warehouse: WarehouseId, epoch: number): number {
    return this.#count.get(warehouse, epoch)?.states ?? 0;
  }
}

/** Begins lives; every method belongs inside a transaction of its caller. */
export class SqliteLifeWriter implements LifeWriter {
  readonly #life: Statement<(string | number | Uint8Array)[]>;
  readonly #node: Statement<[number, string, number, number, string]>;
  readonly #ahead: Statement<[string, number], StateAheadOfLog>;
  readonly #aheadCount: Statement<[string, number], { states: number }>;
  readonly #keep: Statement<[number, string, string]>;
  readonly #settle: Statement<[number, number, string, string]>;

  constructor(database: Database) {
    this.#life = database.prepare(`
      INSERT INTO node_life (warehouse, epoch, instance, previous_instance, begun_at, applied, hash, down_sequence, down_hash,
        recount, lost, known_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    // The one place where what a node is known to have carried out goes back: it begins again at the end of its log. What the
    // life before said of itself holds for this one no more; up to when it was known is kept (P8).
    this.#node = database.prepare(`
      UPDATE node SET epoch = ?, instance = ?, fence_reason = NULL, fenced_at = NULL, down_carried_out = ?, known_at = ?,
        heard_at = NULL, heard_committed = NULL, heard_sent = NULL, heard_skew_ms = NULL, heard_schema_min = NULL,
        heard_schema_max = NULL, heard_fence = NULL
      WHERE warehouse = ?`);
    this.#ahead = database.prepare(
      'SELECT sku, log_sequence AS logSequence FROM position WHERE warehouse = ? AND sequence > ?',
    );
    this.#aheadCount = database.prepare('SELECT count(*) AS states FROM position WHERE warehouse = ? AND sequence > ?');
    this.#keep = database.prepare(`
      INSERT INTO node_life_state (warehouse, epoch, sku, on_hand, unsellable, granted, sequence, version, at)
      SELECT warehouse, ?, sku, on_hand, unsellable, granted, sequence, version, at FROM position WHERE warehouse = ? AND sku = ?`);
    this.#settle = database.prepare('UPDATE position SET version = ?, sequence = ? WHERE warehouse = ? AND sku = ?');
  }

  begin(warehouse: WarehouseId, life: NodeLife, previousInstance: string): void {
    const { epoch, instance, begunAt, applied, hash, downSequence, downHash, recount, lost, knownAt } = life;
    this.#node.run(epoch, instance, downSequence, knownAt, warehouse);
    this.#life.run(
      ...[warehouse, epoch, instance, previousInstance, begunAt, applied, hash, downSequence, downHash],
      ...[recount, lost, knownAt],
    );
  }

  statesAhead(warehouse: WarehouseId, applied: number): number {
    return this.#aheadCount.get(warehouse, applied)?.states ?? 0;
  }

  ahead(warehouse: WarehouseId, applied: number): readonly StateAheadOfLog[] {
    return this.#ahead.all(warehouse, applied);
  }

  settle(
    warehouse: WarehouseId,
    epoch: number,
    placed: readonly { readonly sku: Sku; readonly sequence: number; readonly version: number }[],
  ): void {
    for (const { sku, sequence, version } of placed) {
      this.#keep.run(epoch, warehouse, sku);
      this.#settle.run(version, sequence, warehouse, sku);
    }
  }
}
