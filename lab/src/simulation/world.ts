import { parseChannel } from '@edgestock/central/rules/channel';
import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { Broker } from './broker.ts';
import { Chance } from './chance.ts';
import { Disk } from './disk.ts';
import { NodeAudit } from './node-audit.ts';
import { type AuditedNode, PromiseAudit } from './promise-audit.ts';
import { SimulatedCentral } from './simulated-central.ts';
import { SimulatedNode } from './simulated-node.ts';
import { Trace } from './trace.ts';

export const warehouses: readonly WarehouseId[] = ['BER1', 'HAM1', 'MUC1'].map((text) =>
  must(parseWarehouseId(text), 'a warehouse id'),
);
/** Few, so that everybody wants the same. */
export const skus: readonly Sku[] = ['A', 'B', 'C'].map((text) => must(parseSku(text), 'a SKU'));
export const outlet = must(parseChannel('outlet'), 'a channel id');

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
  #failure: unknown;

  constructor(seed: number) {
    const { clock, disk } = this;
    const random = seededRandom(seed);
    this.chance = new Chance(random);
    this.trace = new Trace(clock);
    this.broker = new Broker(clock, this.chance);
    const around = { clock, random, broker: this.broker, disk };
    this.central = new SimulatedCentral({ ...around, onFailed: (error) => this.fail(error) });
    this.nodes = warehouses.slice(0, this.chance.between(2, 3)).map((warehouse) => {
      const node = new SimulatedNode(warehouse, around);
      return { node, audit: new NodeAudit(node) };
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
    for (const { audit } of this.nodes) audit.check();
    await this.promises.check();
  }

  /** Does something beside everything else; what it throws is told with the next look. */
  start(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.fail(error));
  }

  async close(): Promise<void> {
    for (const { node } of this.nodes) node.close();
    await this.central.close();
    // What dead processes had begun ends in this turn, on files that are closed.
    await this.clock.settle();
    this.disk.dispose();
  }
}
