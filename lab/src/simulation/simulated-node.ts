import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DigestKeeper } from '@edgestock/edge-node/ledger/digest-keeper';
import { LedgerInbox } from '@edgestock/edge-node/ledger/directive-inbox';
import { Granter } from '@edgestock/edge-node/ledger/granter';
import { LastUnitsCall } from '@edgestock/edge-node/ledger/last-units';
import { Ledger } from '@edgestock/edge-node/ledger/ledger';
import { ReservationSweeper } from '@edgestock/edge-node/ledger/reservation-sweeper';
import { Rejoin } from '@edgestock/edge-node/rejoin/rejoin';
import { readRejoin } from '@edgestock/edge-node/rejoin/rejoin-file';
import { takeUp } from '@edgestock/edge-node/rejoin/take-up';
import type { DirectiveInbox } from '@edgestock/edge-node/replication/directive-inbox';
import { Replication } from '@edgestock/edge-node/replication/replication';
import { backUpNode, restoreNode } from '@edgestock/edge-node/store/edge-backup';
import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import { HIGH_WATER_FILE } from '@edgestock/edge-node/store/high-water';
import { migrations } from '@edgestock/edge-node/store/migrations';
import { type LinkFaults, noFaults, SimulatedLink } from '@edgestock/edge-node/testing/simulated-link';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateAhead } from '@edgestock/shared/protocol/rejoin';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import Database from 'better-sqlite3';
import type { Broker } from './broker.ts';
import type { Disk } from './disk.ts';
import { emptyDatabase } from './empty-database.ts';
import { over } from './over.ts';
import { ProcessClock } from './process-clock.ts';
import type { Planted, ReplicationParts } from './tooth.ts';

/** One process of a node, wired as `startEdgeNode` wires it, the doors apart. */
export type NodeLife = {
  readonly clock: ProcessClock;
  readonly store: EdgeStore;
  readonly ledger: Ledger;
  readonly link: SimulatedLink;
  readonly replication: Replication;
  readonly lastUnits: LastUnitsCall;
  readonly rejoin: Rejoin;
};

/** The log that a node has taken back has become its books. */
export type TakenBack = {
  readonly epoch: number;
  /** Central's cursor: what comes after it was recorded by the node itself. */
  readonly applied: number;
  /** Movements recorded again of the life that ended, and of what central knew beyond its log. */
  readonly told: number;
  readonly statesAhead: readonly StateAhead[];
};

export type TakeUpWatch = { readonly before: () => void; readonly after: (taken: TakenBack) => void };

/** An earlier state of a node's disk: as the product's own backup has written it, or as somebody copied it. */
export type NodeImage = { readonly kind: 'backup' | 'copy'; readonly path: string; readonly sequence: number };
/** Whether the file that says how far the log had got lies beside the database that is put back, and of when it is. */
export type HighWaterOf = 'now' | 'then' | 'nobody';

export type Surroundings = {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly broker: Broker;
  readonly disk: Disk;
  readonly log?: Log;
  /** How long nodes keep their history. */
  readonly retentionMs: number;
  /** A mistake to be found. */
  readonly planted?: Planted | undefined;
};

/** The name the product gives it. */
const FILE = 'edge.sqlite';
/** More than a database of a life ever has. */
const PAGES_MAX = 1_000_000;

/** A node over its lives: each crash leaves the commits and nothing else. */
export class SimulatedNode {
  readonly warehouse: WarehouseId;
  readonly #around: Surroundings;
  /** Of dead processes: they have them open until the end, and write what they had begun, for nobody to see. */
  readonly #dead: EdgeStore[] = [];
  #folder: string;
  #store: EdgeStore;
  #life: NodeLife | undefined;
  #aheadMs = 0;
  #isFull = false;
  #atNextDirectives: (() => void) | undefined;
  #faults: LinkFaults = noFaults;
  #onTakeUp: TakeUpWatch | undefined;

  /** On an empty disk, or on a copy of another. */
  constructor(warehouse: WarehouseId, around: Surroundings, folder?: string) {
    this.warehouse = warehouse;
    this.#around = around;
    this.#folder = folder ?? this.#emptyDisk();
    this.#store = this.#open();
    this.start();
  }

  /** Absent while it is down. */
  get life(): NodeLife | undefined {
    return this.#life;
  }

  /** What is on its disk, whether or not it runs. */
  get store(): EdgeStore {
    return this.#store;
  }

  /** Commits of its present life: where there are no more than before, its books are as they were. */
  get commits(): number {
    return this.#life?.ledger.counters.commits ?? 0;
  }

  /** Its disk says of a rejoin how far it has got. */
  get isRejoining(): boolean {
    return readRejoin(this.#folder) !== undefined;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  get faults(): LinkFaults {
    return this.#faults;
  }

  set faults(faults: LinkFaults) {
    this.#faults = faults;
    if (this.#life !== undefined) this.#life.link.faults = faults;
  }

  /** Sets the wall clock of its machine, which its next process has too. */
  setClockAhead(aheadMs: number): void {
    this.#aheadMs = aheadMs;
    this.#life?.clock.setAhead(aheadMs);
  }

  /** Its disk takes no commit of the books, and nothing else that needs another page, until there is room again. */
  setFull(isFull: boolean): void {
    this.#isFull = isFull;
    this.#store.boundPages(isFull ? 1 : PAGES_MAX);
  }

  /** Calls back once, when directives are about to be carried out: the moment at which a crash hurts most. */
  atNextDirectives(callback: () => void): void {
    this.#atNextDirectives = callback;
  }

  /** Lets somebody look right before and right after a log that was taken back becomes the books; nobody works meanwhile. */
  watchTakeUp(watch: TakeUpWatch): void {
    this.#onTakeUp = watch;
  }

  /** What could be put back later. */
  image(kind: NodeImage['kind']): NodeImage {
    const { disk, clock } = this.#around;
    const { sequence } = this.#store.outbox.head();
    if (kind === 'copy') return { kind, path: disk.afterCrash(`${this.warehouse}-image`, this.#folder), sequence };
    const path = join(disk.emptyFolder(`${this.warehouse}-backup`), 'backup.sqlite');
    backUpNode({ dataDir: this.#folder, to: path, now: clock.now() + this.#aheadMs });
    return { kind, path, sequence };
  }

  /** The folder of a machine that has a copy of this disk as it is now. */
  copyOfDisk({ hasHighWater }: { readonly hasHighWater: boolean }): string {
    const folder = this.#around.disk.afterCrash(`${this.warehouse}-clone`, this.#folder);
    if (!hasHighWater) rmSync(join(folder, HIGH_WATER_FILE), { force: true });
    return folder;
  }

  /** Somebody puts an earlier state in the place of the present one. The process dies; it is not started again. */
  putBack({ kind, path }: NodeImage, highWater: HighWaterOf): void {
    const { disk, clock } = this.#around;
    const { warehouse } = this;
    let next: string;
    if (kind === 'backup') {
      next = highWater === 'now' ? disk.afterCrash(warehouse, this.#folder) : disk.emptyFolder(warehouse);
      restoreNode({ from: path, dataDir: next, warehouse, replace: true, now: clock.now() + this.#aheadMs });
    } else {
      next = disk.afterCrash(warehouse, path);
      const mark = join(next, HIGH_WATER_FILE);
      if (highWater !== 'then') rmSync(mark, { force: true });
      const present = join(this.#folder, HIGH_WATER_FILE);
      if (highWater === 'now' && existsSync(present)) copyFileSync(present, mark);
    }
    this.#moveTo(next);
  }

  /** Its disk is gone, and an empty one is in its place. The process dies; it is not started again. */
  loseDisk(): void {
    this.#moveTo(this.#emptyDisk());
  }

  start(): void {
    if (this.#life !== undefined) return;
    this.#takeUp();
    const { clock: world, random, broker, log = silentLog, planted = {} } = this.#around;
    const life = new ProcessClock(world, this.#aheadMs);
    const clock = planted.nodeClock?.(life) ?? life;
    const roomy = this.#withRoom(this.#store);
    const store = planted.nodeStore?.(roomy) ?? roomy;
    const ledger = new Ledger({ store, clock, log });
    new ReservationSweeper({ ledger, store: store.documents.reservations, clock, log }).start();
    const granter = new Granter({ ledger, store, clock });
    const digests = new DigestKeeper({ warehouse: this.warehouse, ledger, store, log });
    const inbox = new LedgerInbox({ ledger, store, granter });
    const stream = broker.streamOf(this.warehouse);
    const link = new SimulatedLink({ clock: world, random, farEnd: broker.farEnd(), stream });
    link.faults = this.#faults;
    const wired: ReplicationParts = { log: store.outbox, link, inbox };
    const parts = planted.replication?.(wired, { store, clock }) ?? wired;
    const carryOut: DirectiveInbox['carryOut'] = (run) => {
      const carried = parts.inbox.carryOut(run);
      this.#atNextDirectives?.();
      this.#atNextDirectives = undefined;
      return carried;
    };
    const replication = new Replication({
      ...parts,
      inbox: over(parts.inbox, { carryOut }),
      ledger,
      clock,
      random,
      events: log,
      retentionMs: this.#around.retentionMs,
      digestAt: (sequence) => digests.at(sequence),
      restoration: store,
    });
    const rejoin = new Rejoin({
      dataDir: this.#folder,
      log: store.outbox,
      request: (subject, body, timeoutMs) => replication.request(subject, body, timeoutMs),
      clock,
      random,
      events: log,
      onReady: () => clock.after(0, () => this.#beginAnew()),
    });
    replication.onLive((isLive) => granter.setLive(isLive));
    granter.setLive(replication.isLive);
    const lastUnits = new LastUnitsCall(ledger.view, { ask: (lines) => replication.askLastUnits(lines) });
    this.#life = { clock: life, store, ledger, link, replication, lastUnits, rejoin };
    rejoin.resume();
  }

  crash(): void {
    if (this.#life === undefined) return;
    const next = this.#around.disk.afterCrash(this.warehouse, this.#folder);
    this.#around.planted?.afterCrash?.(join(next, FILE), 'node');
    this.#moveTo(next);
  }

  /** Its time and its line end, whatever it has begun. */
  stop(): void {
    this.#life?.clock.kill();
    void this.#life?.link.close();
  }

  close(): void {
    for (const store of [...this.#dead, this.#store]) store.close();
  }

  /** Every part of it has read the books that the log it took back replaces. */
  #beginAnew(): void {
    this.#moveTo(this.#around.disk.afterCrash(this.warehouse, this.#folder));
    this.start();
  }

  /** Whoever worked with the disk before is dead, and goes on with it where nobody sees it. */
  #moveTo(folder: string): void {
    const life = this.#life;
    this.#life = undefined;
    life?.clock.kill();
    void life?.link.close();
    this.#dead.push(this.#store);
    this.#folder = folder;
    this.#store = this.#open();
  }

  /** As a process does before it opens its books. What would keep it from that never happens here, and is thrown. */
  #takeUp(): void {
    const { clock, random, planted } = this.#around;
    const state = readRejoin(this.#folder);
    if (state?.statesAhead === undefined) return;
    this.#onTakeUp?.before();
    this.#store.close();
    planted?.beforeTakeUp?.(join(this.#folder, FILE));
    const taken = takeUp({ dataDir: this.#folder, warehouse: this.warehouse, clock, random });
    planted?.afterTakeUp?.(join(this.#folder, FILE));
    this.#store = this.#open();
    if (taken !== undefined) this.#onTakeUp?.after({ ...taken, statesAhead: state.statesAhead });
  }

  #emptyDisk(): string {
    return this.#around.disk.folder(this.warehouse, FILE, emptyDatabase(migrations));
  }

  /** A commit on a full disk fails as SQLite has it, with all that was to be in it. */
  #withRoom(store: EdgeStore): EdgeStore {
    return over(store, {
      transaction: (work) =>
        store.transaction(() => {
          work();
          if (this.#isFull) throw new Database.SqliteError('database or disk is full', 'SQLITE_FULL');
        }),
    });
  }

  #open(): EdgeStore {
    const { clock, random } = this.#around;
    return EdgeStore.open({ dataDir: this.#folder, warehouse: this.warehouse, clock, random });
  }
}
