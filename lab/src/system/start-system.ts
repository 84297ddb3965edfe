import { join } from 'node:path';
import type { EdgeNode } from '@edgestock/edge-node/edge-node';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { createLog, type LogLevel } from '@edgestock/shared/runtime/log';
import { type Service, ServiceStack } from '@edgestock/shared/runtime/service';
import { takeDataDirectory } from '@edgestock/shared/sqlite/data-directory';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { startBroker } from './broker.ts';
import { type CentralProcess, startCentralProcess } from './central-process.ts';
import { portFor } from './ports.ts';

export type SystemOptions = {
  /** Everything durable is below it: `nats/`, `central/`, `nodes/<warehouse>/`. */
  readonly dataDirectory: string;
  readonly warehouses: readonly WarehouseId[];
  readonly ports: SystemPorts;
  readonly logLevel: LogLevel;
  /** Central's: `sqlite`, or the URL of a PostgreSQL database; absent = what the environment says. */
  readonly store?: string | undefined;
  /** Warehouses whose link to the broker runs through a proxy that can cut it. */
  readonly cuttable?: ReadonlySet<string>;
  /** What has to be done before the nodes open; broker and central start meanwhile. */
  readonly beforeNodes?: () => Promise<void>;
};

/** 0 takes free ones. Nodes have `node`, `node + 1`, ... */
export type SystemPorts = { readonly nats: number; readonly central: number; readonly node: number };
export const anyPorts: SystemPorts = { nats: 0, central: 0, node: 0 };

export type System = Service & {
  readonly natsUrl: string;
  readonly centralUrl: string;
  /** In the order in which they were asked for. */
  readonly nodes: readonly EdgeNode[];
  readonly links: ReadonlyMap<string, TcpProxy>;
};

/** Nodes that are opened side by side: each waits for the disk a few times. */
const OPENED_AT_ONCE = 8;

/**
 * A whole edgestock on this machine: broker and central as processes of their own, the nodes in this one. Resolves when all of
 * them answer. Throws `PortTaken`, `DataDirectoryInUse`, `DataDirectoryUnusable`, `ProgramDidNotStart`, and what a node throws; then nothing is left running.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { dataDirectory, ports, logLevel } = options;
  const log = createLog({ level: logLevel, name: 'up' });
  const services = new ServiceStack();
  try {
    const lock = takeDataDirectory(dataDirectory, { lock: 'up.lock', setting: '--data-dir' });
    services.add('lock', { stop: async () => lock.release() });
    const natsPort = await portFor(ports.nats, '--nats-port');
    const centralPort = await portFor(ports.central, '--central-port');
    const nodePorts = await nodePortsFor(ports.node, options.warehouses.length);

    const broker = services.add(
      'broker',
      await startBroker({ directory: join(dataDirectory, 'nats'), port: natsPort, log }),
    );
    const links = new Map<string, TcpProxy>();
    for (const warehouse of options.cuttable ?? []) {
      links.set(warehouse, services.add('link', await TcpProxy.start({ host: '127.0.0.1', port: natsPort })));
    }
    // Central takes about as long to come up as the nodes' code takes to load: side by side they take half the time.
    let central: CentralProcess | undefined;
    const nodes: EdgeNode[] = [];
    services.add('central', { stop: async () => central?.stop() });
    services.add('nodes', { stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))) });
    const startingCentral = startCentralProcess({
      directory: join(dataDirectory, 'central'),
      store: options.store,
      port: centralPort,
      natsUrl: broker.url,
      log,
      logLevel,
    }).then((started) => {
      central = started;
      return started;
    });
    const openingNodes = openNodes(nodes, options, (warehouse, index) => {
      const link = links.get(warehouse);
      const natsUrl = link ? `nats://127.0.0.1:${link.port}` : broker.url;
      return { natsUrl, port: nodePorts[index] ?? 0 };
    });
    // Both have to come to an end before anything may be stopped.
    await Promise.allSettled([startingCentral, openingNodes]);
    const { url: centralUrl } = await startingCentral;
    await openingNodes;
    return {
      natsUrl: broker.url,
      centralUrl,
      nodes,
      links,
      stop: () => services.stop(),
    };
  } catch (error) {
    await services.stop();
    throw error;
  }
}

/** Opens the nodes a few at a time, adding each to `nodes` as it opens: what is open must be closed when another fails. */
async function openNodes(
  nodes: EdgeNode[],
  { dataDirectory, warehouses, logLevel, beforeNodes }: SystemOptions,
  placeOf: (warehouse: WarehouseId, index: number) => { readonly natsUrl: string; readonly port: number },
): Promise<void> {
  await beforeNodes?.();
  const { startEdgeNode } = await import('@edgestock/edge-node/edge-node');
  const { RETENTION_DAYS_DEFAULT } = await import('@edgestock/edge-node/config');
  const log = createLog({ level: logLevel, name: 'edge-node' });
  const open = async (warehouse: WarehouseId, index: number) => {
    const { natsUrl, port } = placeOf(warehouse, index);
    const config = {
      warehouse,
      host: '127.0.0.1',
      port,
      dataDirectory: join(dataDirectory, 'nodes', warehouse),
      natsUrls: [natsUrl],
      logLevel,
      isIdempotencyKeyRequired: false,
      retentionMs: RETENTION_DAYS_DEFAULT * DAY_MS,
    };
    nodes.push(await startEdgeNode(config, { log }));
  };
  for (let first = 0; first < warehouses.length; first += OPENED_AT_ONCE) {
    const group = warehouses.slice(first, first + OPENED_AT_ONCE);
    const opened = await Promise.allSettled(group.map((warehouse, index) => open(warehouse, first + index)));
    for (const result of opened) if (result.status === 'rejected') throw result.reason;
  }
  const order = new Map(warehouses.map((warehouse, index) => [warehouse, index]));
  nodes.sort((a, b) => (order.get(a.warehouse) ?? 0) - (order.get(b.warehouse) ?? 0));
}

const PORT_MAX = 65_535;
const DAY_MS = 24 * 3_600_000;

async function nodePortsFor(base: number, count: number): Promise<readonly number[]> {
  if (base === 0) return [];
  if (base + count - 1 > PORT_MAX) {
    const hint = `Each has the next port, up to ${PORT_MAX}: name a lower --port-base.`;
    throw new WrongCall(`${count} nodes from port ${base} on are too many`, hint);
  }
  return Promise.all(Array.from({ length: count }, (_, index) => portFor(base + index, '--port-base')));
}

/** Reads `BER1,HAM1`. Throws `WrongCall`. */
export function warehouseIdsOf(texts: readonly string[]): readonly WarehouseId[] {
  const ids = texts.map((text) => {
    const id = parseWarehouseId(text);
    if (id) return id;
    throw new WrongCall(`${text} cannot be the id of a warehouse`, 'Letters, digits, - and _, at most 32: BER1,HAM1');
  });
  if (ids.length === 0) throw new WrongCall('No warehouse was named', 'Try --warehouses BER1,HAM1');
  if (new Set(ids).size < ids.length) throw new WrongCall('A warehouse was named twice', 'Each has one node.');
  return ids;
}
