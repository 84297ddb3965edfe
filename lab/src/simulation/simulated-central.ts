import { join } from 'node:path';
import { Promises } from '@edgestock/central/orders/promises';
import { backUpCentral, restoreCentral } from '@edgestock/central/store/sqlite/central-backup';
import type { SqliteCentralStore } from '@edgestock/central/store/sqlite/central-store';
import { openCentralStore } from '@edgestock/central/store/sqlite/open-central-store';
import { PendingPromises } from '@edgestock/central/writer/pending-promises';
import { startWriterThread, type WriterThread } from '@edgestock/central/writer/writer-thread';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import type { Broker } from './broker.ts';
import type { Disk } from './disk.ts';
import { ProcessClock } from './process-clock.ts';

/** One process of central: all that writes, wired by the product itself, and what a shop's request meets, the doors apart. */
export type CentralLife = { readonly clock: ProcessClock; readonly promises: Promises };

type Surroundings = {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly broker: Broker;
  readonly disk: Disk;
  readonly log?: Log;
  /** The store failed, which it never does here. */
  readonly onFailed: (error: unknown) => void;
};

/** An earlier state of central's disk: as the product's own backup has written it, or as somebody copied it. */
export type Image = { readonly kind: 'backup' | 'copy'; readonly path: string; readonly centralEpoch: number };

/** Central over its lives: each crash leaves the commits and nothing else. */
export class SimulatedCentral {
  readonly #around: Surroundings;
  readonly #dead: SqliteCentralStore[] = [];
  #folder: string;
  #store: SqliteCentralStore;
  #life: (CentralLife & { readonly pending: PendingPromises }) | undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#folder = around.disk.folder('central');
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

  async start(): Promise<void> {
    if (this.#life !== undefined) return;
    const { clock: world, random, broker, log = silentLog } = this.#around;
    const store = this.#store;
    const clock = new ProcessClock(world);
    const pending = new PendingPromises();
    const thread: WriterThread = await startWriterThread({
      config: { natsUrls: [], databasePath: this.#folder, logLevel: 'silent' },
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
      startBroker: (parts) => broker.connect(parts, clock),
    });
    pending.open((requests) => thread.promise(requests));
    const writer = { promise: (command: Parameters<PendingPromises['put']>[0]) => pending.put(command) };
    this.#life = { clock, pending, promises: new Promises({ writer, reader: store, clock, random }) };
  }

  crash(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.clock.kill();
    this.#around.broker.disconnect();
    life.pending.close('interrupted');
    this.#dead.push(this.#store);
    this.#folder = this.#around.disk.afterCrash('central', this.#folder);
    this.#store = this.#open();
  }

  /** What could be put back later. */
  async image(kind: Image['kind']): Promise<Image> {
    const { disk, clock } = this.#around;
    const centralEpoch = await this.#store.centralEpoch();
    if (kind === 'copy') return { kind, path: disk.afterCrash('image', this.#folder), centralEpoch };
    const path = join(disk.folder('backup'), 'backup.db');
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
      restoreCentral({ from: path, dataDirectory: this.#folder, replace: true, now: clock.now() });
    }
    this.#store = this.#open();
  }

  async close(): Promise<void> {
    this.#life?.clock.kill();
    this.#around.broker.disconnect();
    for (const store of [...this.#dead, this.#store]) await store.close();
  }

  #open(): SqliteCentralStore {
    return openCentralStore(join(this.#folder, 'central.db'));
  }
}
