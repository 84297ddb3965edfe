import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { CentralApi } from '../../api/central-api.ts';
import { EdgeApi } from '../../api/edge-api.ts';
import { anyPorts, startSystem } from '../../system/start-system.ts';
import { type EdgeProcess, startEdgeProcess } from '../process/edge-process.ts';
import { Helper } from '../process/helper.ts';
import { stock } from '../stocked-node.ts';
import { untilTrue } from '../until-true.ts';
import type { RecordOrder, RecordReply } from './record-process.ts';

export const LIVE = 'LIVE1';
export const OFFLINE = 'OFF1';
const PATIENCE_MS = 30_000;

/** Broker, central, and a node that sells. The other node is offline until it is started. */
export type OfflineWorld = Service & {
  readonly centralUrl: string;
  readonly live: EdgeProcess;
  startOffline(): Promise<EdgeProcess>;
};

/**
 * Two nodes with the same assortment at one central, one of which has then sold without a link, through its own ledger. Nothing of it
 * runs when this resolves, so that it can be copied. Returns where the log of that node ends.
 */
export async function prepareOffline(
  directory: string,
  { sales, skus }: { readonly sales: number; readonly skus: number },
): Promise<number> {
  const services = new ServiceStack();
  try {
    const world = services.add('world', await startOfflineWorld(directory));
    const nodes = [world.live, services.add('offline', await world.startOffline())];
    await Promise.all(nodes.map(({ url }) => stock(url, skus)));
    // First: before it has heard of a node, central knows no such warehouse.
    for (const { url } of nodes) await untilTrue('central has all of a node', () => isInStep(url));
    const central = new CentralApi(world.centralUrl);
    for (const warehouse of [LIVE, OFFLINE]) {
      await untilTrue('central has the opening stock, and may promise of it', async () => {
        const positions = [...(await central.positions(warehouse)).values()];
        return positions.length === skus && positions.every(({ quota }) => quota > 0);
      });
    }
  } finally {
    await services.stop();
  }
  const recorder = Helper.start<RecordOrder, RecordReply>(new URL('./record-process.ts', import.meta.url));
  try {
    const { sequence } = await recorder.order({
      dataDir: nodeDirectory(directory, OFFLINE),
      warehouse: OFFLINE,
      sales,
      skus,
    });
    return sequence;
  } finally {
    await recorder.stop();
  }
}

/** A copy of what was prepared, which may be changed, and is gone afterwards. */
export async function inCopyOf<Result>(directory: string, use: (copy: string) => Promise<Result>): Promise<Result> {
  const copy = `${directory}-copy`;
  await cp(directory, copy, { recursive: true });
  try {
    return await use(copy);
  } finally {
    await rm(copy, { recursive: true });
  }
}

export async function startOfflineWorld(directory: string): Promise<OfflineWorld> {
  const services = new ServiceStack();
  try {
    const { centralUrl, natsUrl } = services.add(
      'system',
      await startSystem({ dataDirectory: directory, warehouses: [], ports: anyPorts, logLevel: 'error' }),
    );
    const start = (warehouse: string) =>
      startEdgeProcess({ directory: nodeDirectory(directory, warehouse), warehouse, natsUrl });
    return {
      centralUrl,
      live: services.add('live', await start(LIVE)),
      startOffline: () => start(OFFLINE),
      stop: () => services.stop(),
    };
  } catch (error) {
    await services.stop();
    throw error;
  }
}

/** Whether central has all that the node at this address has recorded. */
export async function isInStep(url: string): Promise<boolean> {
  const { sequence, applied } = await new EdgeApi(url, { patienceMs: PATIENCE_MS }).status();
  return sequence > 0 && applied === sequence;
}

function nodeDirectory(directory: string, warehouse: string): string {
  return join(directory, 'nodes', warehouse);
}
