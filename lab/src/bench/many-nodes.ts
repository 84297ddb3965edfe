import { figureAgainstBound, grouped, median, spreadOf } from './figure.ts';
import { type FleetWorld, startFleetWorld } from './fleet/fleet-world.ts';
import { type Bench, type BenchRun, sized } from './run.ts';

const NODES = 500;
const SKUS = 200;
/** Two sales a second in every warehouse. */
const PER_SECOND = 1_000;
const LAG_MS_MAX = 1_000;

/**
 * N11: how far central is behind its nodes when there are many. The lag of a sale begins with its commit at the node and ends when
 * the node has central's word that it is applied.
 */
export const manyNodes: Bench = async (run) => {
  const world = await startManyNodes(run);
  try {
    const { warmUpMs, rounds, roundMs } = run.pace;
    const perSecond = sized(PER_SECOND, run);
    await world.sell(perSecond, warmUpMs);
    const p99s: number[] = [];
    const medians: number[] = [];
    let deltas = 0;
    for (let round = 0; round < rounds; round += 1) {
      const replies = await world.sell(perSecond, roundMs);
      p99s.push(Math.max(...replies.map(({ lagP99Ms }) => lagP99Ms)));
      medians.push(Math.max(...replies.map(({ lagP50Ms }) => lagP50Ms)));
      deltas += replies.reduce((sum, reply) => sum + reply.deltas, 0);
    }
    return [
      figureAgainstBound(
        {
          id: 'N11',
          what: `lag of ${world.nodes} live nodes on one central, ${grouped(perSecond)} sales/s together, p99`,
          unit: 'ms',
          notes: [
            `p99 ${spreadOf(p99s)} ms, p50 ${grouped(median(medians))} ms, over ${rounds} repetitions; ${deltas.toLocaleString('en-US')} sales, all applied`,
            `the nodes are the replication of real ones, each with a connection, heartbeats and a consumer of its own, over books of ${SKUS} SKUs in memory, in two processes`,
          ],
        },
        { value: median(p99s), bound: { atMost: LAG_MS_MAX } },
      ),
    ];
  } finally {
    await world.stop();
  }
};

export function startManyNodes(run: BenchRun): Promise<FleetWorld> {
  return startFleetWorld(run.directory, { nodes: sized(NODES, run), skus: SKUS });
}
