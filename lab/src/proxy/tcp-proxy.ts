import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';

/** What the link does. `upstream` is the way from the client to the server. */
export type LinkState =
  | { readonly state: 'pass'; readonly delayMs?: number }
  /** Connections are torn down and new ones refused: a pulled cable that both ends notice. */
  | { readonly state: 'cut' }
  /** Connections stay up and bytes vanish: the cable that nobody notices (FAULTS: half-open). */
  | { readonly state: 'half-open'; readonly swallows: 'upstream' | 'downstream' | 'both' };

type Direction = 'upstream' | 'downstream';

/**
 * A TCP link that can be cut, muted and slowed while it is in use. It listens on a loopback port of its own and carries
 * every connection to `target`. Swallowed bytes are gone: a healed half-open link has torn its old connections down,
 * because no protocol survives a hole in its stream.
 */
export class TcpProxy implements Service {
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #link: LinkState = { state: 'pass' };
  #swallowedBytes = 0;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer((client) => this.#carry(client));
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** What it has swallowed since it began, both ways together. */
  get swallowedBytes(): number {
    return this.#swallowedBytes;
  }

  get link(): LinkState {
    return this.#link;
  }

  set link(next: LinkState) {
    const isHealed = this.#link.state === 'half-open' && next.state === 'pass';
    this.#link = next;
    if (next.state === 'cut' || isHealed) this.#dropAll();
  }

  cut(): void {
    this.link = { state: 'cut' };
  }

  heal(): void {
    this.link = { state: 'pass' };
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#dropAll();
    await once(this.#server, 'close');
  }

  #carry(client: Socket): void {
    // A socket that fails is torn down with its partner: nothing to tell anybody, both ends see their connection end.
    client.on('error', () => client.destroy());
    if (this.#link.state === 'cut') return void client.resetAndDestroy();
    const server = dial(this.#target);
    server.on('error', () => server.destroy());
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(this.#stretch('upstream')).pipe(server);
    server.pipe(this.#stretch('downstream')).pipe(client);
  }

  /** One direction of one connection: passes, swallows or holds back each chunk as the link now stands. */
  #stretch(direction: Direction): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const link = this.#link;
        if (link.state === 'half-open' && (link.swallows === 'both' || link.swallows === direction)) {
          this.#swallowedBytes += chunk.length;
          return done();
        }
        if (link.state !== 'pass' || link.delayMs === undefined) return done(null, chunk);
        systemClock.after(link.delayMs, () => done(null, chunk));
      },
    });
  }

  #dropAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}
