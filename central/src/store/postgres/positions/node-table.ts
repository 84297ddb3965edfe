import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { Heard, NodeRecord } from '../../../rules/node-record.ts';
import { NODE_COLUMNS, NODE_TABLES, type NodeRow, nodeRecordOf } from '../../rows/node-row.ts';
import type { NodeReader, NodeWriter } from '../../tables/node-table.ts';
import { firstRow, type Session } from '../session.ts';

export class PostgresNodeReader implements NodeReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(warehouse: WarehouseId): Promise<NodeRecord | undefined> {
    const text = `SELECT ${NODE_COLUMNS} FROM ${NODE_TABLES} WHERE node.warehouse = $1`;
    const row = await firstRow<NodeRow>(this.#session, text, [warehouse]);
    return row && nodeRecordOf(row);
  }

  async all(): Promise<readonly NodeRecord[]> {
    const text = `SELECT ${NODE_COLUMNS} FROM ${NODE_TABLES} ORDER BY node.warehouse`;
    return (await this.#session.rows<NodeRow>(text)).map(nodeRecordOf);
  }

  async count(): Promise<number> {
    const row = await firstRow<{ nodes: number }>(this.#session, 'SELECT count(*) AS nodes FROM node');
    return row?.nodes ?? 0;
  }
}

export class PostgresNodeWriter implements NodeWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(
    node: { readonly warehouse: WarehouseId; readonly epoch: number; readonly instance: string },
    now: number,
  ): Promise<void> {
    await this.#session.send(
      'INSERT INTO node (warehouse, epoch, instance, enrolled_at, applied_hash) VALUES ($1, $2, $3, $4, $5)',
      [node.warehouse, node.epoch, node.instance, now, genesisHash],
    );
  }

  async advance(
    warehouse: WarehouseId,
    cursor: { readonly sequence: number; readonly hash: Uint8Array; readonly lastDeltaAt: number },
    now: number,
  ): Promise<void> {
    await this.#session.send(
      `UPDATE node SET applied_up_to = $1, applied_hash = $2, applied_at = $3, last_delta_at = greatest(last_delta_at, $4)
       WHERE warehouse = $5`,
      [cursor.sequence, cursor.hash, now, cursor.lastDeltaAt, warehouse],
    );
  }

  async cover(warehouse: WarehouseId, directive: number): Promise<void> {
    await this.#session.send(
      'UPDATE node SET down_covered = least($1, down_sequence) WHERE warehouse = $2 AND down_covered < $1',
      [directive, warehouse],
    );
  }

  async beginLater(node: {
    readonly warehouse: WarehouseId;
    readonly epoch: number;
    readonly instance: string;
  }): Promise<void> {
    await this.#session.send(
      `UPDATE node SET epoch = $1, instance = $2, fence_reason = NULL, fenced_at = NULL
       WHERE warehouse = $3 AND epoch < $1`,
      [node.epoch, node.instance, node.warehouse],
    );
  }

  async fence(warehouse: WarehouseId, reason: string, now: number): Promise<void> {
    await this.#session.send(
      'UPDATE node SET fence_reason = $1, fenced_at = $2 WHERE warehouse = $3 AND fence_reason IS NULL',
      [reason, now, warehouse],
    );
  }

  async hear(heard: Heard): Promise<void> {
    // It was heard before this one, whatever the clock said then: no `heard_at <= $1` here, or a clock set back would make nodes
    // look dead or fresh for as long as it was wrong. What a node says that has stopped by its own judgement may be of another
    // history: up to where this one had got stays what was said before, which is all that tells what is lost when it is gone on
    // with.
    await this.#session.send(
      `UPDATE node SET
         known_at = least($1,
           CASE WHEN heard_at IS NOT NULL AND heard_fence IS NULL AND applied_up_to >= heard_committed THEN heard_at
             ELSE known_at END),
         heard_at = $1,
         heard_committed = CASE WHEN $2::text IS NULL THEN $3 ELSE coalesce(heard_committed, $3) END,
         heard_sent = $4, heard_skew_ms = $5, heard_schema_min = $6, heard_schema_max = $7, heard_fence = $2
       WHERE warehouse = $8`,
      [
        ...[heard.at, heard.nodeFence ?? null, heard.committed, heard.sent, heard.skewMs],
        ...[heard.schemaMin, heard.schemaMax, heard.warehouse],
      ],
    );
  }

  async clampTimes(now: number): Promise<void> {
    // A comparison with NULL leaves NULL; least() would not.
    await this.#session.send(
      `UPDATE node SET enrolled_at = least(enrolled_at, $1), applied_at = least(applied_at, $1),
         heard_at = CASE WHEN heard_at > $1 THEN $1 ELSE heard_at END, known_at = least(known_at, $1)
       WHERE greatest(enrolled_at, applied_at, coalesce(heard_at, 0), known_at) > $1`,
      [now],
    );
  }
}
