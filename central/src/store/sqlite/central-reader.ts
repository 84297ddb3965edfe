import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { StateAhead } from '@edgestock/shared/protocol/rejoin';
import { assert, must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import { and, count, desc, eq, isNotNull, isNull, lt } from 'drizzle-orm';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { centralLimits } from '../../limits.ts';
import { type Channel, DEFAULT_CHANNEL } from '../../rules/channel.ts';
import type { NodeRecord } from '../../rules/node-record.ts';
import {
  type AvailabilityChange,
  type CentralReader,
  type HistoryEntry,
  type KeptSnapshot,
  type LateFact,
  type OfferedStock,
  type PositionRecord,
  type QuarantineRecord,
  type SkuAvailability,
  type StoreStats,
  unspentOf,
} from '../central-store.ts';
import { LateFactReader } from '../desks/positions/late-fact-reader.ts';
import { historyOf } from '../rows/position-history.ts';
import { POSITION_COLUMNS, type PositionRow, positionRecordOf } from '../rows/position-row.ts';
import { quarantineRecordOf } from '../rows/quarantine-row.ts';
import { SqliteBatchLog } from './positions/batch-log.ts';
import { SqliteLifeReader } from './positions/life-table.ts';
import { SqliteNodeReader } from './positions/node-table.ts';
import { SqliteQuarantineReader } from './positions/quarantine-table.ts';
import { SqliteStockReader } from './positions/stock-reader.ts';
import { SqlitePromiseReader } from './promise-reader.ts';
import * as schema from './schema.ts';
import { SqliteSnapshotReader } from './snapshots/snapshot-table.ts';

type ShareRow = PositionRow & { readonly is_unsettled: number };

type MetaRow = {
  revision: number;
  central_epoch: number;
  life: string;
  store_id: string;
  epoch_began_at: number | null;
  epoch_reason: string | null;
  backed_up_at: number | null;
};

/** An answer with one of its shares; of one that has none, the columns of the share are empty. */
type AnswerRow = { unspent: number; buffer: number; answer_revision: number } & (ShareRow | { warehouse: null });

const SHARE_COLUMNS = `${POSITION_COLUMNS},
  EXISTS (SELECT 1 FROM unsettled u WHERE u.warehouse = position.warehouse) AS is_unsettled`;

/** The reading half on one SQLite connection. Each method is synchronous underneath, so it sees one committed state. */
export class SqliteCentralReader extends SqlitePromiseReader implements CentralReader {
  readonly #drizzle: BetterSQLite3Database<typeof schema>;
  readonly #nodes: SqliteNodeReader;
  readonly #log: SqliteBatchLog;
  readonly #lives: SqliteLifeReader;
  readonly #snapshots: SqliteSnapshotReader;
  readonly #lateFacts: LateFactReader;
  readonly #answer: Statement<[string, string], AnswerRow>;
  readonly #inWarehouse: Statement<[string, string, number], PositionRow>;
  readonly #suspectWarehouses: Statement<[], { warehouse: WarehouseId }>;
  readonly #suspectSkus: Statement<[string, string, number], { sku: Sku }>;
  readonly #stocks: SqliteStockReader;
  readonly #logHead: Statement<[string, string], { log_sequence: number }>;
  readonly #changes: Statement<[number, string, number], AvailabilityChange>;
  readonly #changesOf: Statement<[string, number, string, number], AvailabilityChange>;
  readonly #meta: Statement<[], MetaRow>;

  constructor(database: Database) {
    super(database);
    this.#drizzle = drizzle(database, { schema });
    this.#nodes = new SqliteNodeReader(database);
    this.#log = new SqliteBatchLog(database);
    this.#lateFacts = new LateFactReader({ quarantine: new SqliteQuarantineReader(database), batchLog: this.#log });
    this.#lives = new SqliteLifeReader(database);
    this.#snapshots = new SqliteSnapshotReader(database);
    // One statement sees one committed state by itself: no transaction around it.
    this.#answer = database.prepare(`
      SELECT unspent, buffer, answer_revision, ${SHARE_COLUMNS}
      FROM (
        SELECT a.sku AS answer_sku, a.unspent, a.buffer, a.revision AS answer_revision, c.channel, c.is_all
        FROM availability a JOIN channel c ON c.channel = a.channel WHERE a.sku = ? AND a.channel = ?
      ) AS answer
      LEFT JOIN position ON position.sku = answer_sku AND
        (is_all = 1 OR position.warehouse IN (SELECT w.warehouse FROM channel_warehouse w WHERE w.channel = answer.channel))
      ORDER BY position.warehouse`);
    this.#stocks = new SqliteStockReader(database);
    this.#inWarehouse = database.prepare(
      `SELECT ${POSITION_COLUMNS} FROM position WHERE warehouse = ? AND sku > ? ORDER BY sku LIMIT ?`,
    );
    this.#suspectWarehouses = database.prepare('SELECT DISTINCT warehouse FROM position WHERE suspect = 1');
    this.#suspectSkus = database.prepare(
      'SELECT sku FROM position WHERE suspect = 1 AND warehouse = ? AND sku > ? ORDER BY sku LIMIT ?',
    );
    this.#logHead = database.prepare('SELECT log_sequence FROM position WHERE sku = ? AND warehouse = ?');
    this.#changes = database.prepare(`
      SELECT sku, channel, max(0, unspent - buffer) AS available, revision FROM availability
      WHERE revision > ? AND channel = ? ORDER BY revision LIMIT ?`);
    this.#changesOf = database.prepare(`
      SELECT sku, channel, max(0, unspent - buffer) AS available, revision FROM availability
      WHERE sku IN (SELECT value FROM json_each(?)) AND revision > ? AND channel = ? ORDER BY revision LIMIT ?`);
    this.#meta = database.prepare(
      'SELECT revision, central_epoch, life, store_id, epoch_began_at, epoch_reason, backed_up_at FROM meta WHERE id = 1',
    );
  }

  async availability(sku: Sku, channel: Channel): Promise<SkuAvailability> {
    return this.#read(sku, channel);
  }

  async stocksOf(skus: readonly Sku[], channel: Channel): Promise<readonly OfferedStock[]> {
    assert(skus.length <= centralLimits.skusPerQueryMax, 'the door limits the SKUs of a query');
    const [only] = skus;
    // By far the most, and one statement sees one committed state by itself.
    if (only !== undefined && skus.length === 1) return [this.#stocks.of(only, channel)];
    return this.snapshot(() => skus.map((sku) => this.#stocks.of(sku, channel)));
  }

  async changesAfter(
    revision: number,
    limit: number,
    filter: { readonly channel?: Channel; readonly skus?: readonly Sku[] } = {},
  ): Promise<readonly AvailabilityChange[]> {
    const channel = filter.channel ?? DEFAULT_CHANNEL;
    if (filter.skus === undefined) return this.#changes.all(revision, channel, limit);
    assert(filter.skus.length <= centralLimits.skusPerQueryMax, 'the door limits the SKUs of a filter');
    return this.#changesOf.all(JSON.stringify(filter.skus), revision, channel, limit);
  }

  async currentRevision(): Promise<number> {
    return this.#meta.get()?.revision ?? 0;
  }

  async centralEpoch(): Promise<number> {
    return this.#meta.get()?.central_epoch ?? 1;
  }

  async epochBegan(): Promise<{ readonly at: number; readonly reason: string } | undefined> {
    const row = this.#meta.get();
    if (row === undefined || row.epoch_began_at === null || row.epoch_reason === null) return undefined;
    return { at: row.epoch_began_at, reason: row.epoch_reason };
  }

  async backedUpAt(): Promise<number | undefined> {
    return this.#meta.get()?.backed_up_at ?? undefined;
  }

  async life(): Promise<string> {
    return must(this.#meta.get(), 'the row is made with the store').life;
  }

  async storeId(): Promise<string> {
    return must(this.#meta.get(), 'the row is made with the store').store_id;
  }

  async warehouses(): Promise<readonly NodeRecord[]> {
    return this.#nodes.all();
  }

  async warehouse(warehouse: WarehouseId): Promise<NodeRecord | undefined> {
    return this.#nodes.get(warehouse);
  }

  async positionsOf(
    warehouse: WarehouseId,
    afterSku: Sku | undefined,
    limit: number,
  ): Promise<readonly (PositionRecord & { readonly sku: Sku })[]> {
    return this.#inWarehouse
      .all(warehouse, afterSku ?? '', limit)
      .map((row) => ({ sku: row.sku, ...positionRecordOf(row) }));
  }

  async suspectWarehouses(): Promise<readonly WarehouseId[]> {
    return this.#suspectWarehouses.all().map(({ warehouse }) => warehouse);
  }

  async suspectSkusOf(warehouse: WarehouseId, afterSku: Sku | undefined, limit: number): Promise<readonly Sku[]> {
    return this.#suspectSkus.all(warehouse, afterSku ?? '', limit).map(({ sku }) => sku);
  }

  async history(
    warehouse: WarehouseId,
    sku: Sku,
    { before, limit }: { readonly before?: number; readonly limit: number },
  ): Promise<readonly HistoryEntry[]> {
    // Of what never changes, so that it needs no transaction.
    const head = this.#logHead.get(sku, warehouse)?.log_sequence ?? 0;
    return historyOf(this.#log, { warehouse, sku, head }, { before: before ?? Number.MAX_SAFE_INTEGER, limit });
  }

  async quarantined({
    warehouse,
    isSettled,
    beforeId,
    limit,
  }: {
    readonly warehouse?: WarehouseId;
    readonly isSettled?: boolean;
    readonly beforeId?: number;
    readonly limit: number;
  }): Promise<readonly QuarantineRecord[]> {
    const { quarantine } = schema;
    const rows = this.#drizzle
      .select()
      .from(quarantine)
      .where(
        and(
          warehouse === undefined ? undefined : eq(quarantine.warehouse, warehouse),
          isSettled === undefined
            ? undefined
            : isSettled
              ? isNotNull(quarantine.settledAs)
              : isNull(quarantine.settledAs),
          beforeId === undefined ? undefined : lt(quarantine.id, beforeId),
        ),
      )
      .orderBy(desc(quarantine.id))
      .limit(limit)
      .all();
    return rows.map(quarantineRecordOf);
  }

  async lateFact(id: number): Promise<LateFact | undefined> {
    return this.#lateFacts.find(id);
  }

  async batchesAfter(warehouse: WarehouseId, sequence: number, bytesMax: number): Promise<readonly Uint8Array[]> {
    return this.#log.batchesAfter(warehouse, sequence, bytesMax);
  }

  async hashAt(warehouse: WarehouseId, sequence: number): Promise<Uint8Array | undefined> {
    return sequence === 0 ? genesisHash : this.#log.hashAt(warehouse, sequence);
  }

  async snapshotOf(warehouse: WarehouseId): Promise<KeptSnapshot | undefined> {
    return this.#snapshots.kept(warehouse);
  }

  async snapshotChunk(warehouse: WarehouseId, index: number): Promise<Uint8Array | undefined> {
    return this.#snapshots.keptChunk(warehouse, index);
  }

  async statesAhead(
    warehouse: WarehouseId,
    epoch: number,
    after: string,
    limit: number,
  ): Promise<readonly StateAhead[]> {
    return this.#lives.states(warehouse, epoch, after, limit);
  }

  async stats(): Promise<StoreStats> {
    return {
      warehouses: this.#nodes.count(),
      revision: this.#meta.get()?.revision ?? 0,
      quarantined:
        this.#drizzle.select({ rows: count() }).from(schema.quarantine).where(isNull(schema.quarantine.settledAs)).get()
          ?.rows ?? 0,
      batches: this.#log.rows(),
      bytes:
        Number(this.database.pragma('page_count', { simple: true })) *
        Number(this.database.pragma('page_size', { simple: true })),
    };
  }

  #read(sku: Sku, channel: Channel): SkuAvailability {
    const rows = this.#answer.all(sku, channel);
    const [answer] = rows;
    if (answer === undefined) return { sku, available: 0, buffer: 0, revision: 0, warehouses: [] };
    const { unspent, buffer, answer_revision: revision } = answer;
    const warehouses = rows.flatMap((row) => {
      if (row.warehouse === null) return [];
      const position = positionRecordOf(row);
      return [{ ...position, available: row.is_unsettled === 1 ? 0 : unspentOf(position) }];
    });
    return { sku, available: Math.max(0, unspent - buffer), buffer, revision, warehouses };
  }
}
