import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { Api, type ApiOptions } from '../api/api.ts';
import { startHttpServer } from '../api/http-server.ts';
import { emptyDownMetrics } from '../directives/down-metrics.ts';
import { CentralMetrics } from '../metrics.ts';
import { countOutcomes, emptyPromiseMetrics } from '../orders/promise-metrics.ts';
import { PromiseQueue } from '../orders/promise-queue.ts';
import type { ChangeNotice } from '../store/central-store.ts';
import { FedStore } from './fed-store.ts';

/** The API over a real store and real sockets, without a broker: what ingest would do is done by hand. */
export class ApiUnderTest {
  readonly store: FedStore;
  readonly api: Api;
  readonly clock: Clock & { offsetMs: number };
  /** What the writer's thread would do, in this one. */
  readonly writer: PromiseQueue;

  private constructor(parts: {
    readonly store: FedStore;
    readonly api: Api;
    readonly clock: Clock & { offsetMs: number };
    readonly writer: PromiseQueue;
  }) {
    this.store = parts.store;
    this.api = parts.api;
    this.clock = parts.clock;
    this.writer = parts.writer;
  }

  static async start(overrides: Partial<ApiOptions> = {}): Promise<ApiUnderTest> {
    const store = new FedStore();
    // Real time for the sockets, a wall clock that a test can move.
    const clock = { ...systemClock, offsetMs: 0, now: () => NOW + clock.offsetMs };
    const promises = emptyPromiseMetrics();
    const writer = new PromiseQueue({
      store: store.store,
      clock,
      onCommitted: ({ outcomes, changes }) => {
        countOutcomes(promises, outcomes);
        api.changed(changes);
      },
      onFailed: () => undefined,
    });
    const api = await Api.start({
      server: await startHttpServer({ host: '127.0.0.1', port: 0, clock }),
      corsOrigins: [],
      version: '0.0.0-test',
      store: { kind: 'sqlite', path: store.path },
      reader: store.reader,
      writer,
      metrics: new CentralMetrics(),
      clock,
      random: systemRandom,
      log: silentLog,
      ingest: () => ({ isUp: false, state: 'absent' }),
      promising: () => ({ pending: writer.size, promises, directives: emptyDownMetrics() }),
      residentBytes: () => process.memoryUsage.rss(),
      ...overrides,
    });
    return new ApiUnderTest({ store, api, clock, writer });
  }

  get now(): number {
    return this.clock.now();
  }

  /** A warehouse that says it is alive, moves stock, and tells: as the whole of ingest does. */
  async move(id: string, ...lines: { sku: string; quantity: number }[]): Promise<readonly ChangeNotice[]> {
    const notices = await this.store.move(id, lines, this.now);
    await this.store.hear(id, this.now);
    this.api.changed(notices);
    return notices;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.api.url}${path}`, init);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send('POST', path, body, headers);
  }

  put(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send('PUT', path, body, headers);
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.writer.stop();
    await this.store.close();
  }

  #send(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Response> {
    return this.fetch(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }
}

export const NOW = 1_795_000_000_000;
