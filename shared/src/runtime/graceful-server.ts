import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from './clock.ts';

/** While stopping: how soon a connection that has had its answer is closed. */
const IDLE_CHECK_MS = 20;

/**
 * Ends an HTTP server in good order: takes nothing new, finishes what was accepted, and after a grace cuts what is left.
 * Made before the server listens, because it must know the connections that never asked anything: browsers and clients open
 * spare ones, Node does not count those as idle, and a stop would wait the whole grace for them.
 */
export class GracefulServer {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #unused = new Set<Socket>();
  #stopped: Promise<void> | undefined;

  constructor(server: Server, options: { readonly clock: Clock; readonly graceMs: number }) {
    this.#server = server;
    this.#clock = options.clock;
    this.#graceMs = options.graceMs;
    server.on('connection', (socket: Socket) => {
      this.#unused.add(socket);
      socket.once('close', () => this.#unused.delete(socket));
    });
    // From its first request on, the server itself knows whether a connection is busy or idle.
    server.on('request', ({ socket }) => this.#unused.delete(socket));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#unused) socket.destroy();
    // Node closes what is idle at this moment; a connection that was answering becomes idle later.
    const cancelIdleCheck = this.#clock.every(IDLE_CHECK_MS, () => this.#server.closeIdleConnections());
    const cancelCut = this.#clock.after(this.#graceMs, () => this.#server.closeAllConnections());
    await closed;
    cancelIdleCheck();
    cancelCut();
  }
}
