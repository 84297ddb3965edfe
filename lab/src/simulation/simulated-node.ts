import { join } from 'node:path';
import { DigestKeeper } from '@edgestock/edge-node/ledger/digest-keeper';
import { LedgerInbox } from '@edgestock/edge-node/ledger/directive-inbox';
import { Granter } from '@edgestock/edge-node/ledger/granter';
import { LastUnitsCall } from '@edgestock/edge-node/ledger/last-units';
import { Ledger } from '@edgestock/edge-node/ledger/ledger';
import { ReservationSweeper } from '@edgestock/edge-node/ledger/reservation-sweeper';
import type { DirectiveInbox } from '@edgestock/edge-node/replication/directive-inbox';
import { Replication } from '@edgestock/edge-node/replication/replication';
import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import { migrations } from '@edgestock/edge-node/store/migrations';
import { type LinkFaults, noFaults, SimulatedLink } from '@edgestock/edge-node/testing/simulated-link';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
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
};

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

  constructor(warehouse: WarehouseId, around: Surroundings) {
    this.warehouse = warehouse;
    this.#around = around;
    this.#folder = around.disk.folder(warehouse, FILE, emptyDatabase(migrations));
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

  start(): void {
    if (this.#life !== undefined) return;
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
    });
    replication.onLive((isLive) => granter.setLive(isLive));
    granter.setLive(replication.isLive);
    const lastUnits = new LastUnitsCall(ledger.view, { ask: (lines) => replication.askLastUnits(lines) });
    this.#life = { clock: life, store, ledger, link, replication, lastUnits };
  }

  crash(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.clock.kill();
    void life.link.close();
    this.#dead.push(this.#store);
    this.#folder = this.#around.disk.afterCrash(this.warehouse, this.#folder);
    this.#around.planted?.afterCrash?.(join(this.#folder, FILE), 'node');
    this.#store = this.#open();
  }

  /** Its time and its line end, whatever it has begun. */
  stop(): void {
    this.#life?.clock.kill();
    void this.#life?.link.close();
  }

  close(): void {
    for (const store of [...this.#dead, this.#store]) store.close();
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
