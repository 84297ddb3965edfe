import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TcpProxy } from '../../proxy/tcp-proxy.ts';
import { portFor } from '../../system/ports.ts';
import { startCommandUnder } from '../../testing/running-command.ts';
import { Victim } from './victim.ts';

/** A program with its arguments that ends by becoming the command line behind them. */
export type Under = readonly [program: string, ...args: string[]];
/** The same as nothing. */
export const PLAINLY: Under = ['env'];

/** A node as a process, the link between it and the broker, and the one between it and its tills. */
export type LabNode = {
  readonly warehouse: string;
  readonly victim: Victim;
  readonly url: string;
  readonly link: TcpProxy;
  readonly door: TcpProxy;
  readonly directory: string;
};

export async function startLabNode(options: {
  readonly warehouse: string;
  /** Below it the node has a folder of its own. */
  readonly parent: string;
  readonly brokerPort: number;
  readonly under: () => Under;
  /** A machine of its own, with addresses of its own; else loopback. */
  readonly host?: { readonly tillsFind: string; readonly brokerIsAt: string } | undefined;
}): Promise<LabNode> {
  const { warehouse, parent, brokerPort, under, host } = options;
  const directory = join(parent, warehouse);
  const link = await TcpProxy.start({ host: '127.0.0.1', port: brokerPort });
  const port = await portFor(0, '--port');
  const address = host?.tillsFind ?? '127.0.0.1';
  const door = await TcpProxy.start({ host: address, port });
  const args = ['--warehouse', warehouse, '--data-dir', directory, '--host', address, '--port', String(port)];
  const nats = [
    '--nats',
    host === undefined ? `nats://127.0.0.1:${link.port}` : `nats://${host.brokerIsAt}:${brokerPort}`,
  ];
  await mkdir(parent, { recursive: true });
  const victim = await Victim.start(() => startCommandUnder(under(), 'edge', ...args, ...nats, '--json'));
  return { warehouse, victim, url: `http://${address}:${port}`, link, door, directory };
}
