import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { Api, type ApiOptions } from '../api/api.ts';
import { CentralMetrics } from '../metrics.ts';
import type { ChangeNotice } from '../store/central-store.ts';
import { FedStore } from './fed-store.ts';

/** The API over a real store and real sockets, without a broker: what ingest would do is done by hand. */
export class ApiUnderTest {
  readonly store: FedStore;
  readonly api: Api;
  readonly clock: Clock & { offsetMs: number };

  private constructor(store: FedStore, api: Api, clock: Clock & { offsetMs: number }) {
    this.store = store;
    this.api = api;
    this.clock = clock;
  }

  static async start(overrides: Partial<ApiOptions> = {}): Promise<ApiUnderTest> {
    const store = new FedStore();
    // Real time for the sockets, a wall clock that a test can move.
    const clock = { ...systemClock, offsetMs: 0, now: () => NOW + clock.offsetMs };
    const api = await Api.start({
      host: '127.0.0.1',
      port: 0,
      corsOrigins: [],
      version: '0.0.0-test',
      storePath: store.path,
      reader: store.reader,
      metrics: new CentralMetrics(),
      clock,
      log: silentLog,
      ingest: () => ({ isUp: false, state: 'absent' }),
      residentBytes: () => process.memoryUsage.rss(),
      ...overrides,
    });
    return new ApiUnderTest(store, api, clock);
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

  post(path: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async stop(): Promise<void> {
    await this.api.stop();
    await this.store.close();
  }
}

export const NOW = 1_795_000_000_000;
