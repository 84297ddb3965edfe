import { systemClock } from '@edgestock/shared/runtime/clock';
import { percentile } from '../../measure/distribution.ts';
import { scatteredSku } from '../load/goods.ts';
import { answerOrders } from '../process/answer-orders.ts';
import { FleetNode } from './fleet-node.ts';

/** First `begin`, then `sell` as often as is wanted. */
export type FleetOrder =
  | {
      readonly order: 'begin';
      readonly natsUrl: string;
      readonly warehouses: readonly string[];
      /** Each warehouse has so many; central has their opening stock when the fleet has begun. */
      readonly skus: number;
    }
  | { readonly order: 'sell'; readonly perSecond: number; readonly durationMs: number };

/** Of a `begin` nothing is measured. */
export type FleetReply = {
  /** Deltas committed, and how many of them central applied in a second, from the first commit to the last acknowledgement. */
  readonly deltas: number;
  readonly perSecond: number;
  /** From a node's commit to the moment at which it knows that central has it. */
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
};

const TICK_MS = 2;
const BEGUN_WITHIN_MS = 60_000;
const APPLIED_WITHIN_MS = 60_000;

const nodes: FleetNode[] = [];
let skusOfEach = 0;
let sold = 0;

answerOrders<FleetOrder, FleetReply>(async (order) => {
  if (order.order === 'sell') return sell(order);
  skusOfEach = order.skus;
  for (const warehouse of order.warehouses) {
    const node = new FleetNode({ warehouse, natsUrl: order.natsUrl });
    nodes.push(node);
    node.stock(order.skus);
  }
  await allInStep(BEGUN_WITHIN_MS);
  return { deltas: 0, perSecond: 0, lagP50Ms: 0, lagP99Ms: 0, lagMaxMs: 0 };
});

async function sell({ perSecond, durationMs }: { readonly perSecond: number; readonly durationMs: number }) {
  for (const { underWay } of nodes) underWay.lagsMs.length = 0;
  const total = Math.round((perSecond * durationMs) / 1_000);
  const startedMs = systemClock.monotonicMs();
  for (let offered = 0; offered < total; ) {
    const due = Math.min(total, Math.floor(((systemClock.monotonicMs() - startedMs) * perSecond) / 1_000));
    // Every node commits what is due of it at once, as a ledger does with what comes in together.
    const share = Math.ceil((due - offered) / nodes.length);
    for (; offered < due; offered += Math.min(share, due - offered)) commit(Math.min(share, due - offered));
    await systemClock.sleep(TICK_MS);
  }
  await allInStep(APPLIED_WITHIN_MS);
  const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
  const lagsMs = nodes.flatMap(({ underWay }) => underWay.lagsMs);
  return {
    deltas: total,
    perSecond: total / seconds,
    lagP50Ms: percentile(lagsMs, 0.5) ?? 0,
    lagP99Ms: percentile(lagsMs, 0.99) ?? 0,
    lagMaxMs: lagsMs.reduce((most, lag) => Math.max(most, lag), 0),
  };
}

let turn = 0;

function commit(deltas: number): void {
  const node = nodes[turn % nodes.length];
  turn += 1;
  node?.sell(...Array.from({ length: deltas }, () => scatteredSku(sold++, skusOfEach)));
}

async function allInStep(withinMs: number): Promise<void> {
  const givesUpMs = systemClock.monotonicMs() + withinMs;
  for (;;) {
    const behind = nodes.filter((node) => !node.isInStep);
    if (behind.length === 0) return;
    if (systemClock.monotonicMs() > givesUpMs) {
      throw new Error(
        `${behind.length} of ${nodes.length} nodes are not in step with central: ${behind[0]?.warehouse}`,
      );
    }
    await systemClock.sleep(TICK_MS);
  }
}
