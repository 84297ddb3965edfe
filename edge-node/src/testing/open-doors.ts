import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSku, parseWarehouseId, type Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import type { HttpApp, HttpDependencies } from '../http/dependencies.ts';
import { createHttpApp } from '../http/http-app.ts';
import { Ledger } from '../ledger/ledger.ts';
import { httpLimits } from '../limits.ts';
import type { ReplicationStatus } from '../replication/replication-status.ts';
import { EdgeStore } from '../store/edge-store.ts';

/** A node's doors on a real store in a temporary folder, without a link. */
export type OpenDoors = {
  readonly app: HttpApp;
  readonly ledger: Ledger;
  readonly store: EdgeStore;
  readonly deps: HttpDependencies;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** Receives units of a SKU straight through the ledger. */
  stock(sku: string, quantity: number): Promise<void>;
  close(): Promise<void>;
};

/** An answer, read. The body is `unknown`-shaped JSON on purpose: tests state what they expect of it. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads members of a body that it then holds against its expectation
  readonly body: any;
};

export function openDoors(overrides: Partial<HttpDependencies> = {}): OpenDoors {
  const dataDir = mkdtempSync(join(tmpdir(), 'edgestock-http-'));
  const warehouse = must(parseWarehouseId('BER1'), 'a warehouse id');
  const store = EdgeStore.open({ dataDir, warehouse, clock: systemClock, random: systemRandom });
  const ledger = new Ledger({ store, clock: systemClock });
  const deps: HttpDependencies = {
    ledger,
    status: () => unlinked,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    limits: httpLimits,
    version: '0.0.0-test',
    ...overrides,
  };
  const app = createHttpApp(deps);
  return {
    app,
    ledger,
    store,
    deps,
    get: async (path, headers = {}) => answerOf(await app.request(path, { headers })),
    post: async (path, body, headers = {}) =>
      answerOf(
        await app.request(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      ),
    stock: async (sku, quantity) => {
      await ledger.record({ type: 'record', kind: 'receive', lines: [{ sku: skuOf(sku), quantity }] });
    },
    close: async () => {
      await ledger.stop();
      store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

export function skuOf(text: string): Sku {
  return must(parseSku(text), `${text} is a SKU`);
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

const unlinked: ReplicationStatus = {
  link: 'disconnected',
  state: 'catching-up',
  sent: 0,
  brokerAcked: 0,
  applied: 0,
  backlog: 0,
  lastContactAt: undefined,
  skewMs: undefined,
  hint: 'the broker cannot be reached',
};
