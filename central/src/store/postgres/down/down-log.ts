import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { must } from '@edgestock/shared/runtime/assert';
import type { DownHead, DownSlice } from '../../promise-store.ts';
import type { Directed, DownLog, DownLogWriter } from '../../tables/down-table.ts';
import { firstRow, type Session } from '../session.ts';

/** Collected directives are written when they are so large together, so that a long catalogue does not wait in memory. */
const PENDING_BYTES_MAX = 4 * 1_024 * 1_024;

/** The chain hash at place $2 of the log of node n; $3 is the hash before every log. What is before its beginning is not there. */
const HASH_AT = `
  CASE
    WHEN t.sequence = $2 THEN t.hash
    WHEN t.sequence > $2 THEN NULL
    WHEN $2 = 0 THEN $3::bytea
    ELSE (SELECT d.hash FROM directive d WHERE d.warehouse = n.warehouse AND d.sequence = $2)
  END`;
const LOG = 'node n LEFT JOIN down_trim t ON t.warehouse = n.warehouse';

/** `DownLog` on PostgreSQL. */
export class PostgresDownLog implements DownLog {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async head(warehouse: WarehouseId): Promise<DownHead | undefined> {
    return firstRow<DownHead>(
      this.#session,
      `SELECT down_sequence AS sequence, down_hash AS hash, down_carried_out AS "carriedOut"
      FROM node WHERE warehouse = $1`,
      [warehouse],
    );
  }

  async covered(warehouse: WarehouseId): Promise<number> {
    const row = await firstRow<{ covered: number }>(
      this.#session,
      'SELECT down_covered AS covered FROM node WHERE warehouse = $1',
      [warehouse],
    );
    return row?.covered ?? 0;
  }

  async hashAt(warehouse: WarehouseId, sequence: number): Promise<Uint8Array | undefined> {
    const row = await firstRow<{ hash: Uint8Array | null }>(
      this.#session,
      `SELECT ${HASH_AT} AS hash FROM ${LOG} WHERE n.warehouse = $1`,
      [warehouse, sequence, genesisHash],
    );
    return row?.hash ?? undefined;
  }

  /** One statement, so that what it sees is one state; of what does not fit only the lengths are looked at. */
  async after(
    warehouse: WarehouseId,
    sequence: number,
    { directivesMax, bytesMax }: { readonly directivesMax: number; readonly bytesMax: number },
  ): Promise<DownSlice | undefined> {
    const rows = await this.#session.rows<{
      sequence: number;
      hash: Uint8Array;
      bytes: Uint8Array;
      hashBefore: Uint8Array;
    }>(
      `WITH page AS (
        SELECT sequence, hash, bytes, body FROM directive
        WHERE warehouse = $1 AND sequence > $2 ORDER BY sequence LIMIT $4),
      measured AS (
        SELECT p.sequence, p.hash, coalesce(p.bytes, b.bytes) AS bytes,
          sum(length(coalesce(p.bytes, b.bytes))) OVER (ORDER BY p.sequence) AS total
        FROM page p LEFT JOIN directive_body b ON b.id = p.body),
      before AS (SELECT ${HASH_AT} AS hash FROM ${LOG} WHERE n.warehouse = $1)
      SELECT m.sequence, m.hash, m.bytes, before.hash AS "hashBefore"
      FROM measured m CROSS JOIN before
      WHERE before.hash IS NOT NULL AND (m.total <= $5 OR m.sequence = $2 + 1)
      ORDER BY m.sequence`,
      [warehouse, sequence, genesisHash, directivesMax, bytesMax],
    );
    const [first] = rows;
    const last = rows.at(-1);
    if (first === undefined || last === undefined) return undefined;
    return {
      firstSequence: sequence + 1,
      lastSequence: last.sequence,
      hashBefore: first.hashBefore,
      hashLast: last.hash,
      directives: rows.map(({ bytes }) => bytes),
    };
  }
}

type Head = { readonly sequence: number; readonly hash: Uint8Array };
type Pending = Head & {
  readonly warehouse: WarehouseId;
  readonly bytes: Uint8Array | null;
  readonly body: number | null;
};

/**
 * `DownLogWriter` on PostgreSQL. A transaction's directives are collected, and written by one statement at its end: a policy that
 * becomes stricter, or an order of many lines, tells many nodes many things.
 */
export class PostgresDownLogWriter implements DownLogWriter {
  readonly #session: Session;
  /** Ends of the logs as this transaction has left them. */
  #heads = new Map<WarehouseId, Head>();
  #directed = new Set<WarehouseId>();
  #pending: Pending[] = [];
  #pendingBytes = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  begin(): void {
    this.#heads = new Map();
    this.#directed = new Set();
    this.#forgetPending();
  }

  async append(warehouse: WarehouseId, directive: Uint8Array): Promise<number> {
    await this.#loadHeads([warehouse]);
    const place = this.#add(warehouse, directive, null);
    await this.#writeIfMany();
    return place;
  }

  async appendEach(directives: readonly Directed[]): Promise<void> {
    await this.#loadHeads([...new Set(directives.map(({ warehouse }) => warehouse))]);
    for (const { warehouse, directive } of directives) this.#add(warehouse, directive, null);
    await this.#writeIfMany();
  }

  async appendToAll(warehouses: readonly WarehouseId[], directive: Uint8Array): Promise<void> {
    const [only] = warehouses;
    if (only === undefined) return;
    if (warehouses.length === 1) {
      await this.append(only, directive);
      return;
    }
    const [shared] = await Promise.all([
      firstRow<{ id: number }>(this.#session, 'INSERT INTO directive_body (bytes) VALUES ($1) RETURNING id', [
        directive,
      ]),
      this.#loadHeads(warehouses),
    ]);
    const { id: body } = must(shared, 'what was inserted has an id');
    for (const warehouse of warehouses) this.#add(warehouse, directive, body);
    await this.#writeIfMany();
  }

  async carriedOut(warehouse: WarehouseId, sequence: number): Promise<void> {
    await this.#session.send(
      `UPDATE node SET down_carried_out = greatest(down_carried_out, least($2, down_sequence)) WHERE warehouse = $1`,
      [warehouse, sequence],
    );
  }

  async end(): Promise<readonly WarehouseId[]> {
    await this.#write();
    return [...this.#directed].sort();
  }

  async #loadHeads(warehouses: readonly WarehouseId[]): Promise<void> {
    const unknown = warehouses.filter((warehouse) => !this.#heads.has(warehouse));
    if (unknown.length === 0) return;
    const rows = await this.#session.rows<Head & { warehouse: WarehouseId }>(
      `SELECT warehouse, down_sequence AS sequence, down_hash AS hash FROM node WHERE warehouse = ANY ($1::text[])`,
      [unknown],
    );
    for (const { warehouse, sequence, hash } of rows) this.#heads.set(warehouse, { sequence, hash });
  }

  #add(warehouse: WarehouseId, directive: Uint8Array, body: number | null): number {
    const head = must(this.#heads.get(warehouse), 'directives are for enrolled nodes');
    const next = { sequence: head.sequence + 1, hash: chainHash(head.hash, directive) };
    this.#heads.set(warehouse, next);
    this.#directed.add(warehouse);
    this.#pending.push({ warehouse, ...next, bytes: body === null ? directive : null, body });
    this.#pendingBytes += body === null ? directive.length : 0;
    return next.sequence;
  }

  async #writeIfMany(): Promise<void> {
    if (this.#pendingBytes >= PENDING_BYTES_MAX) await this.#write();
  }

  async #write(): Promise<void> {
    const rows = this.#pending;
    if (rows.length === 0) return;
    this.#forgetPending();
    const told = [...new Set(rows.map(({ warehouse }) => warehouse))];
    const heads = told.map((warehouse) => must(this.#heads.get(warehouse), 'who was told has a head'));
    await this.#session.send(
      `WITH told AS (
        INSERT INTO directive (warehouse, sequence, hash, bytes, body)
        SELECT warehouse, sequence, hash, bytes, body
        FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bigint[])
          AS one (warehouse, sequence, hash, bytes, body))
      UPDATE node SET down_sequence = head.sequence, down_hash = head.hash
      FROM unnest($6::text[], $7::bigint[], $8::bytea[]) AS head (warehouse, sequence, hash)
      WHERE node.warehouse = head.warehouse`,
      [
        rows.map(({ warehouse }) => warehouse),
        rows.map(({ sequence }) => sequence),
        rows.map(({ hash }) => hash),
        rows.map(({ bytes }) => bytes),
        rows.map(({ body }) => body),
        told,
        heads.map(({ sequence }) => sequence),
        heads.map(({ hash }) => hash),
      ],
    );
  }

  #forgetPending(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
