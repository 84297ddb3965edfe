import { join } from 'node:path';
import { Promises } from '@edgestock/central/orders/promises';
import { backUpCentral, restoreCentral, STORE_FILE } from '@edgestock/central/store/sqlite/central-backup';
import type { SqliteCentralStore } from '@edgestock/central/store/sqlite/central-store';
import { migrations } from '@edgestock/central/store/sqlite/migrations';
import { openCentralStore } from '@edgestock/central/store/sqlite/open-central-store';
import { StoreFull } from '@edgestock/central/store/store-full';
import { linkToAll } from '@edgestock/central/writer/broker-link';
import { PendingPromises } from '@edgestock/central/writer/pending-promises';
import { startWriterThread, type WriterThread } from '@edgestock/central/writer/writer-thread';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import type { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import type { Broker } from './broker.ts';
import type { Disk } from './disk.ts';
import { emptyDatabase } from './empty-database.ts';
import { over } from './over.ts';
import { ProcessClock } from './process-clock.ts';
import type { Planted } from './tooth.ts';

/** One process of central: all that writes, wired by the product itself, and what a shop's request meets, the doors apart. */
export type CentralLife = { readonly clock: ProcessClock; readonly promises: Promises };

type Surroundings = {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly broker: Broker;
  readonly disk: Disk;
  readonly log?: Log;
  readonly planted?: Planted | undefined;
  /** The store failed, which it never does here. */
  readonly onFailed: (error: unknown) => void;
};

const FILE = STORE_FILE;

/** An earlier state of central's disk: as the product's own backup has written it, or as somebody copied it. */
export type Image = { readonly kind: 'backup' | 'copy'; readonly path: string; readonly centralEpoch: number };

/** Central over its lives: each crash leaves the commits and nothing else. */
export class SimulatedCentral {
  readonly #around: Surroundings;
  readonly #dead: SqliteCentralStore[] = [];
  #folder: string;
  #store: SqliteCentralStore;
  #writes = 0;
  #aheadMs = 0;
  #isFull = false;
  #life: (CentralLife & { readonly pending: PendingPromises }) | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#folder = this.#emptyDisk();
    this.#store = this.#open();
  }

  /** Absent while it is down. */
  get life(): CentralLife | undefined {
    return this.#life;
  }

  /** What is on its disk, whether or not it runs. */
  get store(): SqliteCentralStore {
    return this.#store;
  }

  /** Writes that were asked of its stores: where there are no more than before, its books are as they were. */
  get writes(): number {
    return this.#writes;
  }

  async start(): Promise<void> {
    if (this.#life !== undefined) return;
    const { clock: world, random, broker, log = silentLog, planted } = this.#around;
    const clock = new ProcessClock(world, this.#aheadMs);
    const file = join(this.#folder, FILE);
    const store = this.#withRoom(planted?.centralStore?.(this.#store, { file, clock }) ?? this.#store);
    const pending = new PendingPromises();
    const thread: WriterThread = await startWriterThread({
      config: { natsUrls: [], store: { kind: 'sqlite', path: this.#folder }, logLevel: 'silent' },
      store,
      clock,
      random,
      log,
      tell: (message) => {
        if (message.type === 'answers') pending.answer(message.answers);
      },
      onFailed: (error) => {
        if (this.#life?.clock === clock) this.#around.onFailed(error);
      },
      startBroker: ({ ingest, down, metrics }) => {
        const parts = { ...must(ingest, 'it takes in'), down: must(down, 'and sends'), metrics };
        return linkToAll(broker.connect(parts, clock));
      },
    });
    pending.open((requests) => thread.promise(requests));
    const writer = { promise: (command: Parameters<PendingPromises['put']>[0]) => pending.put(command) };
    this.#life = { clock, pending, promises: new Promises({ writer, reader: store, clock, random }) };
  }

  /** Sets the wall clock of its machine, which its next process has too. */
  setClockAhead(aheadMs: number): void {
    this.#aheadMs = aheadMs;
    this.#life?.clock.setAhead(aheadMs);
  }

  /** Its disk takes no write, until there is room again. */
  setFull(isFull: boolean): void {
    this.#isFull = isFull;
  }

  crash(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.clock.kill();
    this.#around.broker.disconnect();
    life.pending.close('restarting');
    this.#dead.push(this.#store);
    this.#folder = this.#around.disk.afterCrash('central', this.#folder);
    this.#around.planted?.afterCrash?.(join(this.#folder, FILE), 'central');
    this.#store = this.#open();
  }

  /** What could be put back later. */
  async image(kind: Image['kind']): Promise<Image> {
    const { disk, clock } = this.#around;
    const centralEpoch = await this.#store.centralEpoch();
    if (kind === 'copy') return { kind, path: disk.afterCrash('image', this.#folder), centralEpoch };
    const path = join(disk.emptyFolder('backup'), 'backup.db');
    backUpCentral({ dataDirectory: this.#folder, to: path, now: clock.now() });
    return { kind, path, centralEpoch };
  }

  /** Somebody puts an earlier state in the place of the present one; central is down. */
  async putBack({ kind, path }: Image): Promise<void> {
    const { disk, clock } = this.#around;
    this.#dead.push(this.#store);
    if (kind === 'copy') this.#folder = disk.afterCrash('central', path);
    else {
      this.#folder = disk.afterCrash('central', this.#folder);
      await restoreCentral({
        from: path,
        dataDirectory: this.#folder,
        replace: true,
        now: clock.now() + this.#aheadMs,
      });
    }
    this.#store = this.#open();
  }

  /** Its disk is gone, and an empty one is in its place; central is down. */
  loseDisk(): void {
    this.#dead.push(this.#store);
    this.#folder = this.#emptyDisk();
    this.#store = this.#open();
  }

  /** Its time and its line end, whatever it has begun. */
  stop(): void {
    this.#life?.clock.kill();
    this.#around.broker.disconnect();
  }

  async close(): Promise<void> {
    for (const store of [...this.#dead, this.#store]) await store.close();
  }

  /** A position on its disk is no longer what was written there. False when there is none. */
  rot(rotten: { readonly warehouse: WarehouseId; readonly sku: Sku; readonly units: number }): boolean {
    const database = openDatabase(join(this.#folder, FILE), { cacheKiB: 64 });
    const statement = database.prepare(
      'UPDATE position SET on_hand = on_hand + @units WHERE warehouse = @warehouse AND sku = @sku AND version > 0',
    );
    const { changes } = statement.run(rotten);
    database.close();
    return changes > 0;
  }

  /** The store as the process has it: its writes are counted, and fail on a full disk. */
  #withRoom(store: SqliteCentralStore): SqliteCentralStore {
    const roomFor = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        if (this.#isFull) throw new StoreFull('the disk of the simulation is full');
        return work.apply(store, args);
      };
    };
    const write = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
      return roomFor(async (...args: A): Promise<R> => {
        this.#writes += 1;
        return work.apply(store, args);
      });
    };
    return over(store, {
      enrol: write(store.enrol),
      rejoin: write(store.rejoin),
      applyBatches: write(store.applyBatches),
      applyStates: write(store.applyStates),
      beginSnapshot: write(store.beginSnapshot),
      putSnapshotChunk: write(store.putSnapshotChunk),
      takeSnapshot: write(store.takeSnapshot),
      promise: write(store.promise),
      beginEpoch: write(store.beginEpoch),
      statePlace: write(store.statePlace),
      recordCarriedOut: write(store.recordCarriedOut),
      // When a node was heard is of no promise.
      recordHeard: roomFor(store.recordHeard),
      recordCovered: roomFor(store.recordCovered),
      clampTimes: roomFor(store.clampTimes),
      trimDirectives: write(store.trimDirectives),
      quarantine: write(store.quarantine),
    });
  }

  #emptyDisk(): string {
    return this.#around.disk.folder('central', FILE, emptyDatabase(migrations));
  }

  #open(): SqliteCentralStore {
    return openCentralStore(join(this.#folder, FILE));
  }
}
