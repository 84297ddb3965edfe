import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import type { DownHead, DownSlice } from '../../promise-store.ts';
import type { Directed, DownLog, DownLogWriter } from '../../tables/down-table.ts';

type HeadRow = { down_sequence: number; down_hash: Buffer; down_carried_out: number };
type DirectiveRow = { sequence: number; hash: Buffer; bytes: Buffer };

/** Reads the logs of directives, one for each node. */
export class SqliteDownLog implements DownLog {
  readonly #head: Statement<[string], HeadRow>;
  readonly #hashAt: Statement<[string, number], { hash: Buffer }>;
  readonly #begin: Statement<[string], { sequence: number; hash: Buffer }>;
  readonly #after: Statement<[string, number, number], DirectiveRow>;
  readonly #covered: Statement<[string], { down_covered: number }>;

  constructor(database: Database) {
    this.#head = database.prepare('SELECT down_sequence, down_hash, down_carried_out FROM node WHERE warehouse = ?');
    this.#hashAt = database.prepare('SELECT hash FROM directive WHERE warehouse = ? AND sequence = ?');
    this.#begin = database.prepare('SELECT sequence, hash FROM down_trim WHERE warehouse = ?');
    this.#covered = database.prepare('SELECT down_covered FROM node WHERE warehouse = ?');
    this.#after = database.prepare(`
      SELECT d.sequence, d.hash, coalesce(d.bytes, b.bytes) AS bytes
      FROM directive d LEFT JOIN directive_body b ON b.id = d.body
      WHERE d.warehouse = ? AND d.sequence > ? ORDER BY d.sequence LIMIT ?`);
  }

  head(warehouse: WarehouseId): DownHead | undefined {
    const row = this.#head.get(warehouse);
    return row && { sequence: row.down_sequence, hash: row.down_hash, carriedOut: row.down_carried_out };
  }

  hashAt(warehouse: WarehouseId, sequence: number): Uint8Array | undefined {
    const begin = this.#begin.get(warehouse);
    // What follows a place before its beginning is not there any more.
    if (begin !== undefined && sequence <= begin.sequence) return sequence === begin.sequence ? begin.hash : undefined;
    if (sequence === 0) return this.#head.get(warehouse) === undefined ? undefined : genesisHash;
    return this.#hashAt.get(warehouse, sequence)?.hash;
  }

  covered(warehouse: WarehouseId): number {
    return this.#covered.get(warehouse)?.down_covered ?? 0;
  }

  after(
    warehouse: WarehouseId,
    sequence: number,
    { directivesMax, bytesMax }: { readonly directivesMax: number; readonly bytesMax: number },
  ): DownSlice | undefined {
    const hashBefore = this.hashAt(warehouse, sequence);
    if (hashBefore === undefined) return undefined;
    const directives: Buffer[] = [];
    let bytes = 0;
    let last: DirectiveRow | undefined;
    // Read one by one: a page of the catalogue is large, and the rest of a full slice would be read for nothing.
    for (const row of this.#after.iterate(warehouse, sequence, directivesMax)) {
      if (last !== undefined && bytes + row.bytes.length > bytesMax) break;
      bytes += row.bytes.length;
      directives.push(row.bytes);
      last = row;
    }
    if (last === undefined) return undefined;
    return { firstSequence: sequence + 1, lastSequence: last.sequence, hashBefore, hashLast: last.hash, directives };
  }
}

export class SqliteDownLogWriter implements DownLogWriter {
  #directed = new Set<WarehouseId>();
  readonly #head: Statement<[string], Pick<HeadRow, 'down_sequence' | 'down_hash'>>;
  readonly #advance: Statement<[number, Uint8Array, string]>;
  readonly #insert: Statement<[string, number, Uint8Array, Uint8Array | null, number | bigint | null]>;
  readonly #share: Statement<[Uint8Array]>;
  readonly #carriedOut: Statement<[number, string]>;

  constructor(database: Database) {
    this.#head = database.prepare('SELECT down_sequence, down_hash FROM node WHERE warehouse = ?');
    this.#advance = database.prepare('UPDATE node SET down_sequence = ?, down_hash = ? WHERE warehouse = ?');
    this.#insert = database.prepare(
      'INSERT INTO directive (warehouse, sequence, hash, bytes, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.#share = database.prepare('INSERT INTO directive_body (bytes) VALUES (?)');
    // Never backwards, and never beyond what was written.
    this.#carriedOut = database.prepare(
      'UPDATE node SET down_carried_out = max(down_carried_out, min(?, down_sequence)) WHERE warehouse = ?',
    );
  }

  begin(): void {
    this.#directed = new Set();
  }

  append(warehouse: WarehouseId, directive: Uint8Array): number {
    return this.#append(warehouse, directive, undefined);
  }

  appendEach(directives: readonly Directed[]): void {
    for (const { warehouse, directive } of directives) this.append(warehouse, directive);
  }

  appendToAll(warehouses: readonly WarehouseId[], directive: Uint8Array): void {
    const [only] = warehouses;
    if (only === undefined) return;
    if (warehouses.length === 1) {
      this.append(only, directive);
      return;
    }
    const body = this.#share.run(directive).lastInsertRowid;
    for (const warehouse of warehouses) this.#append(warehouse, directive, body);
  }

  carriedOut(warehouse: WarehouseId, sequence: number): void {
    this.#carriedOut.run(sequence, warehouse);
  }

  end(): readonly WarehouseId[] {
    return [...this.#directed].sort();
  }

  #append(warehouse: WarehouseId, directive: Uint8Array, body: number | bigint | undefined): number {
    const head = must(this.#head.get(warehouse), 'directives are for enrolled nodes');
    const sequence = head.down_sequence + 1;
    const hash = chainHash(head.down_hash, directive);
    this.#insert.run(warehouse, sequence, hash, body === undefined ? directive : null, body ?? null);
    this.#advance.run(sequence, hash, warehouse);
    this.#directed.add(warehouse);
    return sequence;
  }
}
