import { parseChannel } from '@edgestock/central/rules/channel';
import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { AuditedNode } from './audited-node.ts';
import { Broker } from './broker.ts';
import { Chance } from './chance.ts';
import { Disk } from './disk.ts';
import { lifeKinds } from './life-kind.ts';
import { PromiseAudit } from './promise-audit.ts';
import { SimulatedCentral } from './simulated-central.ts';
import { SimulatedNode, type Surroundings } from './simulated-node.ts';
import type { Planted } from './tooth.ts';
import { Trace } from './trace.ts';
import { checkTransfers } from './transfer-audit.ts';

export const warehouses: readonly WarehouseId[] = ['BER1', 'HAM1', 'MUC1'].map((text) =>
  must(parseWarehouseId(text), 'a warehouse id'),
);
/** Few, so that everybody wants the same. */
export const skus: readonly Sku[] = ['A', 'B', 'C'].map((text) => must(parseSku(text), 'a SKU'));
export const outlet = must(parseChannel('outlet'), 'a channel id');

/** Short, so that history leaves the log in a life of minutes. */
const SHORT_RETENTION_MS = 1_000;
/** Longer than a life, the years at its end included. */
const LONG_RETENTION_MS = 10 * 365 * 24 * 3_600_000;

/** Everything of one run: processes, disks, the broker, time and chance, and who looks at them. */
export class World {
  readonly clock = new VirtualClock();
  readonly chance: Chance;
  readonly trace: Trace;
  readonly disk = new Disk();
  readonly broker: Broker;
  readonly central: SimulatedCentral;
  readonly nodes: readonly AuditedNode[];
  readonly promises: PromiseAudit;
  /** Installations that have no business here. */
  readonly seconds: SimulatedNode[] = [];
  readonly surroundings: Surroundings;
  /** Whether central is put back to earlier states in this life. Its nodes then keep their history unless they are told to trim it. */
  readonly isPutBack: boolean;
  /** Whether nodes trim what central may be put back to before: it takes snapshots in then. */
  readonly isTrimmed: boolean;
  /** Whether disks of nodes are put back, copied and lost in this life. */
  readonly hasBadDisks: boolean;
  /** What kinds of things have happened. */
  readonly reached = new Set<string>();
  #failure: unknown;

  constructor(seed: number, planted?: Planted) {
    const { clock, disk } = this;
    const random = seededRandom(seed);
    this.chance = new Chance(random);
    this.trace = new Trace(clock);
    this.broker = new Broker(clock, this.chance);
    const kind = planted?.livesWith ?? this.chance.weighed(lifeKinds);
    this.isTrimmed = kind === 'history trimmed';
    this.isPutBack = kind === 'central put back' || this.isTrimmed;
    this.hasBadDisks = kind === 'bad disks';
    const retentionMs = this.isPutBack ? LONG_RETENTION_MS : SHORT_RETENTION_MS;
    this.surroundings = { clock, random, broker: this.broker, disk, retentionMs, planted };
    this.central = new SimulatedCentral({ ...this.surroundings, onFailed: (error) => this.fail(error) });
    this.nodes = warehouses.slice(0, this.chance.one([1, 2, 2, 2, 3])).map((warehouse) => {
      const node = new SimulatedNode(warehouse, this.surroundings);
      return new AuditedNode(node, clock, (error) => this.fail(error));
    });
    this.promises = new PromiseAudit(this.central, this.nodes);
  }

  /** Something went wrong where nobody waits for it: told with the next look. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Lets time pass, and looks at everything. */
  async pass(durationMs: number): Promise<void> {
    await this.clock.advance(durationMs);
    await this.check();
  }

  async check(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    for (const one of this.nodes) one.check();
    checkTransfers(this.nodes);
    await this.promises.check();
  }

  /** Does something beside everything else; what it throws is told with the next look. */
  start(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.fail(error));
  }

  /** One or two SKUs, sometimes the same one twice, and few units of each. */
  someLines(): readonly SkuQuantity[] {
    const { chance } = this;
    const count = chance.happens(0.3) ? 2 : 1;
    return Array.from({ length: count }, () => ({ sku: chance.one(skus), quantity: chance.between(1, 3) }));
  }

  async close(): Promise<void> {
    // One that people have moved to is in both.
    const nodes = [...new Set([...this.nodes.map(({ node }) => node), ...this.seconds])];
    for (const node of nodes) node.stop();
    this.central.stop();
    // What was begun ends before the files are closed: no clock goes on, so it is a matter of turns.
    for (let round = 0; round < 12; round += 1) await this.clock.settle();
    for (const node of nodes) node.close();
    await this.central.close();
    this.disk.dispose();
  }
}
