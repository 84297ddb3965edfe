import { join } from 'node:path';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { numberedWarehouses } from '../../replay/destination.ts';
import { anyPorts, startSystem } from '../../system/start-system.ts';
import { Helper } from '../process/helper.ts';
import type { FleetOrder, FleetReply } from './fleet-process.ts';

/** The simulation must not be what is measured. */
const PROCESSES = 2;

/** A real central and broker, and many nodes that sell. */
export type FleetWorld = Service & {
  readonly centralUrl: string;
  readonly nodes: number;
  /** Of all nodes together. */
  readonly positions: number;
  /** All nodes together sell so much; the replies of the processes that they are spread over. */
  sell(perSecond: number, durationMs: number): Promise<readonly FleetReply[]>;
};

/** Resolves when all nodes are live, and central has the opening stock of all. */
export async function startFleetWorld(
  directory: string,
  { nodes, skus }: { readonly nodes: number; readonly skus: number },
): Promise<FleetWorld> {
  const services = new ServiceStack();
  try {
    const { centralUrl, natsUrl } = services.add(
      'system',
      await startSystem({
        dataDirectory: join(directory, 'fleet'),
        warehouses: [],
        ports: anyPorts,
        logLevel: 'error',
      }),
    );
    const warehouses = numberedWarehouses(nodes);
    const fleets = Array.from({ length: PROCESSES }, () =>
      services.add('nodes', Helper.start<FleetOrder, FleetReply>(new URL('./fleet-process.ts', import.meta.url))),
    );
    await Promise.all(
      fleets.map((fleet, index) =>
        fleet.order({
          order: 'begin',
          natsUrl,
          warehouses: warehouses.filter((_, at) => at % PROCESSES === index),
          skus,
        }),
      ),
    );
    return {
      centralUrl,
      nodes,
      positions: nodes * skus,
      sell: (perSecond, durationMs) =>
        Promise.all(
          fleets.map((fleet) => fleet.order({ order: 'sell', perSecond: perSecond / PROCESSES, durationMs })),
        ),
      stop: () => services.stop(),
    };
  } catch (error) {
    await services.stop();
    throw error;
  }
}
