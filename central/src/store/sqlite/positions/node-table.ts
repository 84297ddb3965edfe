import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { Database, Statement } from 'better-sqlite3';
import type { Heard, NodeRecord } from '../../../rules/node-record.ts';
import { NODE_COLUMNS, NODE_TABLES, type NodeRow, nodeRecordOf } from '../../rows/node-row.ts';
import type { NodeReader, NodeWriter } from '../../tables/node-table.ts';

/** Reads the rows of `node`. */
export class SqliteNodeReader implements NodeReader {
  readonly #one: Statement<[string], NodeRow>;
  readonly #all: Statement<[], NodeRow>;
  readonly #count: Statement<[], { nodes: number }>;

  constructor(database: Database) {
    this.#one = database.prepare(`SELECT ${NODE_COLUMNS} FROM ${NODE_TABLES} WHERE node.warehouse = ?`);
    this.#all = database.prepare(`SELECT ${NODE_COLUMNS} FROM ${NODE_TABLES} ORDER BY node.warehouse`);
    this.#count = database.prepare('SELECT count(*) AS nodes FROM node');
  }

  get(warehouse: WarehouseId): NodeRecord | undefined {
    const row = this.#one.get(warehouse);
    return row === undefined ? undefined : nodeRecordOf(row);
  }

  all(): NodeRecord[] {
    return this.#all.all().map(nodeRecordOf);
  }

  count(): number {
    return this.#count.get()?.nodes ?? 0;
  }
}

/** Writes the rows of `node`; every method belongs inside a transaction of its caller. */
export class SqliteNodeWriter implements NodeWriter {
  readonly #insert: Statement<[string, number, string, number, Uint8Array]>;
  readonly #advance: Statement<[number, Uint8Array, number, number, string]>;
  readonly #fence: Statement<[string, number, string]>;
  readonly #hear: Statement<[Omit<Heard, 'warehouse' | 'nodeFence'> & { warehouse: string; nodeFence: string | null }]>;
  readonly #clamp: Statement<[{ now: number }]>;
  readonly #cover: Statement<[number, string, number]>;
  readonly #beginLater: Statement<[{ warehouse: string; epoch: number; instance: string }]>;

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO node (warehouse, epoch, instance, enrolled_at, applied_hash) VALUES (?, ?, ?, ?, ?)',
    );
    // The cursor never falls, and the clock of a delta that could not be read (0) does not replace a known one.
    this.#advance = database.prepare(`
      UPDATE node SET applied_up_to = ?, applied_hash = ?, applied_at = ?, last_delta_at = max(last_delta_at, ?)
      WHERE warehouse = ?`);
    this.#fence = database.prepare(
      'UPDATE node SET fence_reason = ?, fenced_at = ? WHERE warehouse = ? AND fence_reason IS NULL',
    );
    // Before the last heartbeat is overwritten, what it proved is kept (the rule is `knownByHeartbeat`). It was heard before
    // this one, whatever the clock said then: no `heard_at <= @at` here, or a clock set back would make nodes look dead or
    // fresh for as long as it was wrong. What a node says that has stopped by its own judgement may be of another history: up
    // to where this one had got stays what was said before, which is all that tells what is lost when it is gone on with.
    this.#hear = database.prepare(`
      UPDATE node SET
        known_at = min(@at,
          CASE WHEN heard_at IS NOT NULL AND heard_fence IS NULL AND applied_up_to >= heard_committed THEN heard_at
            ELSE known_at END),
        heard_at = @at, heard_committed = iif(@nodeFence IS NULL, @committed, coalesce(heard_committed, @committed)), heard_sent = @sent, heard_skew_ms = @skewMs,
        heard_schema_min = @schemaMin, heard_schema_max = @schemaMax, heard_fence = @nodeFence
      WHERE warehouse = @warehouse`);
    // Never beyond what was written, nor back.
    this.#cover = database.prepare(
      'UPDATE node SET down_covered = min(?, down_sequence) WHERE warehouse = ? AND down_covered < ?',
    );
    this.#beginLater = database.prepare(`
      UPDATE node SET epoch = @epoch, instance = @instance, fence_reason = NULL, fenced_at = NULL
      WHERE warehouse = @warehouse AND epoch < @epoch`);
    this.#clamp = database.prepare(`
      UPDATE node SET enrolled_at = min(enrolled_at, @now), applied_at = min(applied_at, @now), heard_at = min(heard_at, @now),
        known_at = min(known_at, @now)
      WHERE max(enrolled_at, applied_at, coalesce(heard_at, 0), known_at) > @now`);
  }

  insert(node: { warehouse: WarehouseId; epoch: number; instance: string }, now: number): void {
    this.#insert.run(node.warehouse, node.epoch, node.instance, now, genesisHash);
  }

  advance(
    warehouse: WarehouseId,
    cursor: { sequence: number; hash: Uint8Array; lastDeltaAt: number },
    now: number,
  ): void {
    this.#advance.run(cursor.sequence, cursor.hash, now, cursor.lastDeltaAt, warehouse);
  }

  /** The effects of central's directives up to here are in the log up to the cursor. */
  cover(warehouse: WarehouseId, directive: number): void {
    this.#cover.run(directive, warehouse, directive);
  }

  /** The node was given a later epoch by a central that this one does not remember: nothing else is to be done when it was not. */
  beginLater(node: { warehouse: WarehouseId; epoch: number; instance: string }): void {
    this.#beginLater.run(node);
  }

  fence(warehouse: WarehouseId, reason: string, now: number): void {
    this.#fence.run(reason, now, warehouse);
  }

  hear(heard: readonly Heard[]): void {
    for (const one of heard) this.#hear.run({ ...one, nodeFence: one.nodeFence ?? null });
  }

  clampTimes(now: number): void {
    this.#clamp.run({ now });
  }
}
