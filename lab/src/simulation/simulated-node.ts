import { LedgerInbox } from '@edgestock/edge-node/ledger/directive-inbox';
import { Granter } from '@edgestock/edge-node/ledger/granter';
import { LastUnitsCall } from '@edgestock/edge-node/ledger/last-units';
import { Ledger } from '@edgestock/edge-node/ledger/ledger';
import { ReservationSweeper } from '@edgestock/edge-node/ledger/reservation-sweeper';
import { Replication } from '@edgestock/edge-node/replication/replication';
import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import { type LinkFaults, noFaults, SimulatedLink } from '@edgestock/edge-node/testing/simulated-link';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import type { Broker } from './broker.ts';
import type { Disk } from './disk.ts';
import { ProcessClock } from './process-clock.ts';

/** One process of a node, wired as `startEdgeNode` wires it, the doors apart. */
export type NodeLife = {
  readonly clock: ProcessClock;
  readonly store: EdgeStore;
  readonly ledger: Ledger;
  readonly link: SimulatedLink;
  readonly replication: Replication;
  readonly lastUnits: LastUnitsCall;
};

type Surroundings = {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly broker: Broker;
  readonly disk: Disk;
  readonly log?: Log;
};

const RETENTION_MS = 7 * 24 * 3_600_000;

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
  #atNextDirectives: (() => void) | undefined;
  #faults: LinkFaults = noFaults;

  constructor(warehouse: WarehouseId, around: Surroundings) {
    this.warehouse = warehouse;
    this.#around = around;
    this.#folder = around.disk.folder(warehouse);
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

  /** Calls back once, when directives are about to be carried out: the moment at which a crash hurts most. */
  atNextDirectives(callback: () => void): void {
    this.#atNextDirectives = callback;
  }

  start(): void {
    if (this.#life !== undefined) return;
    const { clock: world, random, broker, log = silentLog } = this.#around;
    const store = this.#store;
    const clock = new ProcessClock(world, this.#aheadMs);
    const ledger = new Ledger({ store, clock, log });
    new ReservationSweeper({ ledger, store: store.documents.reservations, clock, log }).start();
    const granter = new Granter({ ledger, store, clock });
    const inbox = new LedgerInbox({ ledger, store, granter });
    const stream = broker.streamOf(this.warehouse);
    const link = new SimulatedLink({ clock: world, random, farEnd: broker.farEnd(), stream });
    link.faults = this.#faults;
    const replication = new Replication({
      log: store.outbox,
      ledger,
      link,
      clock,
      random,
      events: log,
      retentionMs: RETENTION_MS,
      inbox: {
        cursor: () => inbox.cursor(),
        carryOut: (run) => {
          const carried = inbox.carryOut(run);
          this.#atNextDirectives?.();
          this.#atNextDirectives = undefined;
          return carried;
        },
        takeUpEpoch: (epoch) => inbox.takeUpEpoch(epoch),
        takeBack: (totals) => inbox.takeBack(totals),
      },
    });
    replication.onLive((isLive) => granter.setLive(isLive));
    granter.setLive(replication.isLive);
    const lastUnits = new LastUnitsCall(ledger.view, { ask: (lines) => replication.askLastUnits(lines) });
    this.#life = { clock, store, ledger, link, replication, lastUnits };
  }

  crash(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.clock.kill();
    void life.link.close();
    this.#dead.push(this.#store);
    this.#folder = this.#around.disk.afterCrash(this.warehouse, this.#folder);
    this.#store = this.#open();
  }

  close(): void {
    this.#life?.clock.kill();
    void this.#life?.link.close();
    for (const store of [...this.#dead, this.#store]) store.close();
  }

  #open(): EdgeStore {
    const { clock, random } = this.#around;
    return EdgeStore.open({ dataDir: this.#folder, warehouse: this.warehouse, clock, random });
  }
}
