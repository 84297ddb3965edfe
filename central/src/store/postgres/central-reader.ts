import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { StateAhead } from '@edgestock/shared/protocol/rejoin';
import { assert, must } from '@edgestock/shared/runtime/assert';
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
  stockOf,
} from '../central-store.ts';
import { LateFactReader } from '../desks/positions/late-fact-reader.ts';
import { historyOf } from '../rows/position-history.ts';
import { POSITION_COLUMNS, type PositionRow, positionRecordOf } from '../rows/position-row.ts';
import { answersOf } from './positions/answers.ts';
import { PostgresBatchLog } from './positions/batch-log.ts';
import { PostgresLifeReader } from './positions/life-table.ts';
import { PostgresNodeReader } from './positions/node-table.ts';
import { PostgresQuarantineTable } from './positions/quarantine-table.ts';
import { PostgresPromiseReader } from './promise-reader.ts';
import { firstRow, type PostgresDatabase, type Session } from './session.ts';
import { PostgresSnapshotReader } from './snapshots/snapshot-table.ts';

type MetaRow = {
  readonly revision: number;
  readonly central_epoch: number;
  readonly life: string;
  readonly store_id: string;
  readonly epoch_began_at: number | null;
  readonly epoch_reason: string | null;
  readonly backed_up_at: number | null;
};

/** The reading half, on a pool of connections. An answer is one statement, or of what never changes: so it is of one state. */
export class PostgresCentralReader extends PostgresPromiseReader implements CentralReader {
  readonly #reads: Session;
  readonly #nodes: PostgresNodeReader;
  readonly #log: PostgresBatchLog;
  readonly #lives: PostgresLifeReader;
  readonly #snapshots: PostgresSnapshotReader;
  readonly #quarantine: PostgresQuarantineTable;
  readonly #lateFacts: LateFactReader;

  constructor(database: Pick<PostgresDatabase, 'reads' | 'snapshot'>) {
    super(database);
    const { reads } = database;
    this.#reads = reads;
    this.#nodes = new PostgresNodeReader(reads);
    this.#log = new PostgresBatchLog(reads);
    this.#lives = new PostgresLifeReader(reads);
    this.#snapshots = new PostgresSnapshotReader(reads);
    this.#quarantine = new PostgresQuarantineTable(reads);
    this.#lateFacts = new LateFactReader({ quarantine: this.#quarantine, batchLog: this.#log });
  }

  async availability(sku: Sku, channel: Channel): Promise<SkuAvailability> {
    const [answer] = await answersOf(this.#reads, [sku], channel);
    return must(answer, 'every SKU has an answer');
  }

  async stocksOf(skus: readonly Sku[], channel: Channel): Promise<readonly OfferedStock[]> {
    assert(skus.length <= centralLimits.skusPerQueryMax, 'the door limits the SKUs of a query');
    return (await answersOf(this.#reads, skus, channel)).map(stockOf);
  }

  async changesAfter(
    revision: number,
    limit: number,
    filter: { readonly channel?: Channel; readonly skus?: readonly Sku[] } = {},
  ): Promise<readonly AvailabilityChange[]> {
    const { channel = DEFAULT_CHANNEL, skus } = filter;
    assert((skus?.length ?? 0) <= centralLimits.skusPerQueryMax, 'the door limits the SKUs of a filter');
    return this.#reads.rows<AvailabilityChange>(
      `SELECT sku, channel, greatest(0, unspent - buffer) AS available, revision FROM availability
       WHERE revision > $1 AND channel = $2 ${skus === undefined ? '' : 'AND sku = ANY($4::text[])'}
       ORDER BY revision LIMIT $3`,
      skus === undefined ? [revision, channel, limit] : [revision, channel, limit, skus],
    );
  }

  async currentRevision(): Promise<number> {
    return (await this.#meta()).revision;
  }

  async centralEpoch(): Promise<number> {
    return (await this.#meta()).central_epoch;
  }

  async epochBegan(): Promise<{ readonly at: number; readonly reason: string } | undefined> {
    const { epoch_began_at: at, epoch_reason: reason } = await this.#meta();
    return at === null || reason === null ? undefined : { at, reason };
  }

  async backedUpAt(): Promise<number | undefined> {
    return (await this.#meta()).backed_up_at ?? undefined;
  }

  async life(): Promise<string> {
    return (await this.#meta()).life;
  }

  async storeId(): Promise<string> {
    return (await this.#meta()).store_id;
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
    const rows = await this.#reads.rows<PositionRow>(
      `SELECT ${POSITION_COLUMNS} FROM position WHERE warehouse = $1 AND sku > $2 ORDER BY sku LIMIT $3`,
      [warehouse, afterSku ?? '', limit],
    );
    return rows.map((row) => ({ sku: row.sku, ...positionRecordOf(row) }));
  }

  async suspectWarehouses(): Promise<readonly WarehouseId[]> {
    const rows = await this.#reads.rows<{ warehouse: WarehouseId }>(
      'SELECT DISTINCT warehouse FROM position WHERE suspect ORDER BY warehouse',
    );
    return rows.map(({ warehouse }) => warehouse);
  }

  async suspectSkusOf(warehouse: WarehouseId, afterSku: Sku | undefined, limit: number): Promise<readonly Sku[]> {
    const rows = await this.#reads.rows<{ sku: Sku }>(
      'SELECT sku FROM position WHERE suspect AND warehouse = $1 AND sku > $2 ORDER BY sku LIMIT $3',
      [warehouse, afterSku ?? '', limit],
    );
    return rows.map(({ sku }) => sku);
  }

  async history(
    warehouse: WarehouseId,
    sku: Sku,
    { before = Number.MAX_SAFE_INTEGER, limit }: { readonly before?: number; readonly limit: number },
  ): Promise<readonly HistoryEntry[]> {
    const row = await firstRow<{ head: number }>(
      this.#reads,
      'SELECT log_sequence AS head FROM position WHERE sku = $1 AND warehouse = $2',
      [sku, warehouse],
    );
    return historyOf(this.#log, { warehouse, sku, head: row?.head ?? 0 }, { before, limit });
  }

  async quarantined(options: {
    readonly warehouse?: WarehouseId;
    readonly isSettled?: boolean;
    readonly beforeId?: number;
    readonly limit: number;
  }): Promise<readonly QuarantineRecord[]> {
    return this.#quarantine.page(options);
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
    const [warehouses, { revision }, quarantined, batches] = await Promise.all([
      this.#nodes.count(),
      this.#meta(),
      this.#quarantine.openCount(),
      this.#log.rows(),
    ]);
    return { warehouses, revision, quarantined, batches };
  }

  async #meta(): Promise<MetaRow> {
    const row = await firstRow<MetaRow>(
      this.#reads,
      'SELECT revision, central_epoch, life, store_id, epoch_began_at, epoch_reason, backed_up_at FROM meta WHERE id = 1',
    );
    return must(row, 'the row is made with the store');
  }
}
