import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { portFor } from '../system/ports.ts';
import { childrenOf, isRunning, type RunningCommand, startCommand, until } from './running-command.ts';

const DEAD_WITHIN_MS = 5_000;

type Addresses = { nats: string; central: string; nodes: { warehouse: string; url: string }[] };

/**
 * Broker, central and the node HAM1 under one `edgestock up`; the node BER1 as a process of its own behind a link that can be
 * cut. Each of them can be killed; `up` starts its own ones again, `startNode` the other.
 */
export class CutOffSystem {
  readonly link: TcpProxy;
  readonly centralUrl: string;
  readonly urls: ReadonlyMap<string, string>;
  readonly #up: RunningCommand;
  readonly #edgeArgs: readonly string[];
  #edge: RunningCommand;

  private constructor(parts: {
    up: RunningCommand;
    edge: RunningCommand;
    edgeArgs: readonly string[];
    link: TcpProxy;
  }) {
    this.#up = parts.up;
    this.#edge = parts.edge;
    this.#edgeArgs = parts.edgeArgs;
    this.link = parts.link;
    const { central, nodes } = parts.up.ready as Addresses;
    this.centralUrl = central;
    this.urls = new Map([
      ['HAM1', must(nodes[0], 'up has one node').url],
      ['BER1', (parts.edge.ready as { url: string }).url],
    ]);
  }

  /** `store`: of central, as `up` takes it. */
  static async start(folder: string, store: string): Promise<CutOffSystem> {
    const anywhere = ['--port-base', '0', '--central-port', '0', '--nats-port', '0', '--store', store];
    const up = await startCommand(
      'up',
      '--warehouses',
      'HAM1',
      '--data-dir',
      join(folder, 'up'),
      ...anywhere,
      '--json',
    );
    const { nats } = up.ready as Addresses;
    const link = await TcpProxy.start({ host: '127.0.0.1', port: Number(new URL(nats).port) });
    const where = ['--warehouse', 'BER1', '--data-dir', join(folder, 'BER1')];
    const port = String(await portFor(0, '--port'));
    const edgeArgs = ['edge', ...where, '--port', port, '--nats', `nats://127.0.0.1:${link.port}`, '--json'];
    return new CutOffSystem({ up, edge: await startCommand(...edgeArgs), edgeArgs, link });
  }

  /** BER1 with SIGKILL. Resolves when it is dead. */
  async killNode(): Promise<void> {
    await this.#edge.kill('SIGKILL');
  }

  /** BER1 again, after it was killed. */
  async startNode(): Promise<void> {
    this.#edge = await startCommand(...this.#edgeArgs);
  }

  /** Resolves when it is dead; `up` starts it again. */
  killCentral(): Promise<void> {
    return this.#killChild('central --data-dir');
  }

  killBroker(): Promise<void> {
    return this.#killChild('nats.conf');
  }

  async stop(): Promise<void> {
    await this.#edge.kill('SIGTERM');
    await this.#up.kill('SIGTERM');
    await this.link.stop();
  }

  async #killChild(part: string): Promise<void> {
    const child = childrenOf(this.#up.pid).find(({ line }) => line.includes(part));
    const { pid } = must(child, `up has a child ${part}`);
    process.kill(pid, 'SIGKILL');
    await until(() => !isRunning(pid), DEAD_WITHIN_MS, `${part} is dead`, 1);
  }
}
