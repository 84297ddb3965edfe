import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { numberedWarehouses } from '../replay/destination.ts';
import { anyPorts, startSystem, warehouseIdsOf } from '../system/start-system.ts';
import { figureAgainstBound } from './figure.ts';
import { Helper } from './process/helper.ts';
import { type Bench, type BenchRun, sized } from './run.ts';
import { stock } from './stocked-node.ts';
import type { VisibilityOrder, VisibilityReply } from './visibility/visibility-process.ts';

const NODES = 10;
const QUICK_NODES = 2;
const SKUS_PER_NODE = 1_000;
const PER_SECOND = 1_000;
const P50_MS_MAX = 5;
const P99_MS_MAX = 30;
/** The load at which PouchDB into express-pouchdb was measured: one node, 200 documents a second. */
const COMPARISON = { perSecond: 200, p50Ms: 25, p99Ms: 65 };

/**
 * N4: from a node's 2xx to central's event that shows the sale, at a steady rate over all nodes. Broker and central are processes
 * of their own, the nodes share one, till and storefront share another, which has both clocks.
 */
export const visibility: Bench = async (run) => {
  const services = new ServiceStack();
  const skus = sized(SKUS_PER_NODE, run);
  try {
    const system = services.add(
      'system',
      await startSystem({
        dataDirectory: join(run.directory, 'n4'),
        warehouses: warehouseIdsOf(numberedWarehouses(run.isQuick ? QUICK_NODES : NODES)),
        ports: anyPorts,
        logLevel: 'error',
      }),
    );
    for (const { url } of system.nodes) await stock(url, skus);
    const observer = services.add(
      'observer',
      Helper.start<VisibilityOrder, VisibilityReply>(new URL('./visibility/visibility-process.ts', import.meta.url)),
    );
    const nodes = system.nodes.map(({ warehouse, url }) => ({ warehouse, url }));
    const common = { centralUrl: system.centralUrl, skus };
    const [first] = nodes;
    if (first === undefined) throw new Error('there is no node');

    await observer.order({ ...common, nodes, perSecond: PER_SECOND, durationMs: durationMsOf(run) / 4 });
    const all = checked(
      await observer.order({ ...common, nodes, perSecond: PER_SECOND, durationMs: durationMsOf(run) }),
    );
    const one = checked(
      await observer.order({
        ...common,
        nodes: [first],
        perSecond: COMPARISON.perSecond,
        durationMs: durationMsOf(run) / 2,
      }),
    );
    return figuresOf(all, one, nodes.length);
  } finally {
    await services.stop();
  }
};

function durationMsOf({ pace }: BenchRun): number {
  return pace.rounds * pace.roundMs * 1.5;
}

function checked(reply: VisibilityReply): VisibilityReply {
  if (reply.unseen > 0) throw new Error(`${reply.unseen} of ${reply.sales} sales were never seen at central`);
  return reply;
}

function figuresOf(all: VisibilityReply, one: VisibilityReply, nodes: number) {
  const what = `sale answered → visible at central, ${PER_SECOND}/s over ${nodes} nodes`;
  const notes = [
    `${all.sales.toLocaleString('en-US')} sales, all seen, slowest ${all.maxMs.toFixed(1)} ms; ${all.late} were sent late because the connections to their node were busy`,
    `${COMPARISON.perSecond}/s on one node: p50 ${one.p50Ms.toFixed(1)} ms, p99 ${one.p99Ms.toFixed(1)} ms (PouchDB into express-pouchdb at that rate, measured apart: ${COMPARISON.p50Ms} and ${COMPARISON.p99Ms} ms)`,
  ];
  return [
    figureAgainstBound(
      { id: 'N4', what: `${what}, p50`, unit: 'ms', notes },
      { value: all.p50Ms, bound: { atMost: P50_MS_MAX } },
    ),
    figureAgainstBound(
      { id: 'N4', what: `${what}, p99`, unit: 'ms' },
      { value: all.p99Ms, bound: { atMost: P99_MS_MAX } },
    ),
  ];
}
