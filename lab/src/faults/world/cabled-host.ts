import { execFileSync } from 'node:child_process';
import type { Under } from './lab-node.ts';

/**
 * A machine of its own for a node, as far as its network is concerned: a network namespace with two cables, one to broker and
 * central, one to its tills. A cable that is pulled drops every packet, and tells nobody. Needs root.
 */
export class CabledHost {
  readonly under: Under;
  /** Where tills find the node. */
  readonly tillsFind: string;
  /** Where the node finds the broker. */
  readonly brokerIsAt: string;
  readonly #name: string;
  readonly #cable: string;

  private constructor(name: string, net: string) {
    this.#name = name;
    this.#cable = `${name}u`;
    this.under = ['ip', 'netns', 'exec', name];
    this.brokerIsAt = `10.${net}.1`;
    this.tillsFind = `10.${net}.6`;
  }

  /** Names and addresses of this process's own: several labs may run on one machine. */
  static make(): CabledHost {
    const name = `es${process.pid}`;
    const net = `${64 + ((process.pid >> 8) % 128)}.${process.pid % 256}`;
    const host = new CabledHost(name, net);
    ip('netns', 'add', name);
    try {
      host.#plugIn(host.#cable, `10.${net}.1`, `10.${net}.2`);
      host.#plugIn(`${name}t`, `10.${net}.5`, `10.${net}.6`);
      ip('-n', name, 'link', 'set', 'lo', 'up');
      return host;
    } catch (error) {
      host.remove();
      throw error;
    }
  }

  /** The cable to broker and central. */
  pull(): void {
    ip('link', 'set', this.#cable, 'down');
  }

  plugInAgain(): void {
    ip('link', 'set', this.#cable, 'up');
  }

  /** Both cables go with it. */
  remove(): void {
    ip('netns', 'del', this.#name);
  }

  #plugIn(cable: string, ourEnd: string, itsEnd: string): void {
    const name = this.#name;
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', `${cable}n`, 'netns', name);
    ip('addr', 'add', `${ourEnd}/30`, 'dev', cable);
    ip('link', 'set', cable, 'up');
    ip('-n', name, 'addr', 'add', `${itsEnd}/30`, 'dev', `${cable}n`);
    ip('-n', name, 'link', 'set', `${cable}n`, 'up');
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 10_000 });
}
