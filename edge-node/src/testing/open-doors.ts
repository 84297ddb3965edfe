import type { Position } from '@edgestock/shared/inventory/position';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import { silentLog } from '@edgestock/shared/runtime/log';
import type { ProblemItem } from '@edgestock/shared/runtime/problem';
import { systemRandom } from '@edgestock/shared/runtime/random';
import type { HttpApp, HttpDependencies } from '../http/dependencies.ts';
import { createHttpApp } from '../http/http-app.ts';
import type { HttpAnswers } from '../http/serve-http.ts';
import { httpLimits } from '../limits.ts';
import { newCounters } from '../replication/counters.ts';
import type { ReplicationStatus } from '../replication/replication-status.ts';
import { sku, TestSite } from './site.ts';

/** What tests read out of answers. Every member may be absent; what must be there, the test says. */
export type AnswerBody = {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly effects?: readonly string[];
  readonly problems?: readonly ProblemItem[];
  readonly problemsOmitted?: number;
  readonly sequence?: number;
  readonly movements?: readonly { readonly sequence: number; readonly position: Position & { available: number } }[];
  readonly exceptions?: readonly { readonly id?: number; readonly kind: string }[];
  readonly stock?: readonly { readonly sku: string }[];
  readonly reservation?: { readonly id: string; readonly state: string };
  readonly reservations?: readonly { readonly id: string }[];
  readonly transfer?: {
    readonly id: string;
    readonly state: string;
    readonly lines: readonly Readonly<Record<string, number>>[];
  };
  readonly transfers?: readonly { readonly id: string }[];
  readonly next?: string | number;
  readonly nextBefore?: number;
  readonly requestId?: string;
};

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: AnswerBody;
};

/** A node's doors on a real ledger, without a link and without a socket. */
export class OpenDoors {
  readonly site: TestSite;
  readonly #overrides: Partial<HttpDependencies>;
  deps: HttpDependencies;
  app: HttpApp;
  front: FrontDoor;

  constructor(overrides: Partial<HttpDependencies> = {}) {
    this.site = new TestSite(overrides.log === undefined ? {} : { log: overrides.log });
    this.#overrides = overrides;
    ({ deps: this.deps, app: this.app, front: this.front } = this.#open());
  }

  /** The process of the node ends, and another one begins. */
  restart(): void {
    this.site.restart();
    ({ deps: this.deps, app: this.app, front: this.front } = this.#open());
  }

  /** What a server answers with: front door and app. */
  get answers(): HttpAnswers {
    return { fetch: this.app.fetch, front: this.front };
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return answerOf(await this.app.request(path, { headers }));
  }

  /** Sends a value as JSON, or a text as it is; `undefined` = no body. */
  async post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return answerOf(
      await this.app.request(path, {
        method: 'POST',
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
  }

  async delete(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return answerOf(await this.app.request(path, { method: 'DELETE', headers }));
  }

  /** Receives units without going through a door. */
  async receive(text: string, quantity: number): Promise<void> {
    await this.site.move('receive', [{ sku: sku(text), quantity }]);
  }

  close(): void {
    this.site.dispose();
  }

  #open() {
    const deps: HttpDependencies = {
      ledger: this.site.ledger,
      sweeper: this.site.sweeper,
      status: () => unlinked,
      replication: newCounters(),
      clock: this.site.clock,
      random: systemRandom,
      log: silentLog,
      limits: httpLimits,
      version: '0.0.0-test',
      ...this.#overrides,
    };
    return { deps, ...createHttpApp(deps) };
  }
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
}

export const unlinked: ReplicationStatus = {
  link: 'disconnected',
  state: 'catching-up',
  sent: 0,
  brokerAcked: 0,
  applied: 0,
  backlog: 0,
  lastContactAt: undefined,
  skewMs: undefined,
  down: { sequence: 0, need: false },
  hint: 'the broker cannot be reached',
};
