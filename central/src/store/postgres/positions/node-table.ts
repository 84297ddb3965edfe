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

  async hear(heard: readonly Heard[]): Promise<void> {
    // It was heard before this one, whatever the clock said then: no `heard_at <= at` here, or a clock set back would make nodes
    // look dead or fresh for as long as it was wrong. What a node says that has stopped by its own judgement may be of another
    // history: up to where this one had got stays what was said before, which is all that tells what is lost when it is gone on
    // with.
    await this.#session.send(
      `UPDATE node n SET
         known_at = least(h.at,
           CASE WHEN n.heard_at IS NOT NULL AND n.heard_fence IS NULL AND n.applied_up_to >= n.heard_committed
             THEN n.heard_at ELSE n.known_at END),
         heard_at = h.at,
         heard_committed = CASE WHEN h.fence IS NULL THEN h.committed ELSE coalesce(n.heard_committed, h.committed) END,
         heard_sent = h.sent, heard_skew_ms = h.skew_ms, heard_schema_min = h.schema_min, heard_schema_max = h.schema_max,
         heard_fence = h.fence
       FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
         AS h (warehouse, at, fence, committed, sent, skew_ms, schema_min, schema_max)
       WHERE n.warehouse = h.warehouse`,
      [
        heard.map(({ warehouse }) => warehouse),
        heard.map(({ at }) => at),
        heard.map(({ nodeFence }) => nodeFence ?? null),
        heard.map(({ committed }) => committed),
        heard.map(({ sent }) => sent),
        heard.map(({ skewMs }) => skewMs),
        heard.map(({ schemaMin }) => schemaMin),
        heard.map(({ schemaMax }) => schemaMax),
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
