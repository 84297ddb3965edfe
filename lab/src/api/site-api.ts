import { bodyOf } from './edge-api.ts';
import { type Patience, requestPatiently } from './json-request.ts';
import type { Demand } from './shop-api.ts';

export type Task = {
  readonly task: string;
  readonly state: 'open' | 'picked' | 'packed' | 'shipped' | 'released';
  readonly lines: readonly TaskLine[];
};
export type TaskLine = {
  readonly sku: string;
  readonly quantity: number;
  /** Still committed. */
  readonly open: number;
  readonly picked: number;
  readonly shipped: number;
  readonly released: number;
};

/** What was found of a line at its shelf, and what became of the rest. */
export type Picked = {
  readonly sku: string;
  readonly picked: number;
  readonly missing?: 'lost' | 'damaged' | 'elsewhere';
};

/** What a node said to a step: done, or a clean no with its code. */
export type SiteReply<Told = unknown> =
  | { readonly reply: 'done'; readonly told: Told }
  | { readonly reply: 'refused'; readonly code: string };

/** One movement of a node's log, with the quantities after it. */
export type LoggedMovement = {
  readonly sequence: number;
  readonly kind: string;
  readonly sku: string;
  readonly quantity: number;
  readonly document?: string;
  readonly reason?: string;
  readonly position: {
    readonly onHand: number;
    readonly reserved: number;
    readonly committed: number;
    readonly quota: number;
    readonly available: number;
  };
};

const PAGE_ROWS = 1_000;

/**
 * A node as its service desk and its pickers use it. Requests name what they are about, so they are repeated until they are
 * answered, for at most `patienceMs`. Throws `Unreachable`.
 */
export class SiteApi {
  readonly url: string;
  readonly #patience: Patience;

  constructor(url: string, patience: Patience) {
    this.url = url.replace(/\/$/, '');
    this.#patience = patience;
  }

  /** Keeps units for a customer at the counter. */
  reserve(id: string, lines: readonly Demand[]): Promise<SiteReply> {
    return this.#write('/v1/reservations', { id, owner: id, lines });
  }

  /** The customer takes them: the sale is recorded. */
  fulfil(id: string): Promise<SiteReply> {
    return this.#write(`/v1/reservations/${id}/fulfil`, { till: 'counter', receipt: id });
  }

  /** What waits to be picked, oldest first: a page of it. */
  async openTasks(): Promise<readonly Task[]> {
    return (await this.#get<{ readonly tasks: readonly Task[] }>('/v1/tasks?state=open')).tasks;
  }

  pick(task: string, lines: readonly Picked[]): Promise<SiteReply<Task>> {
    return this.#write(`/v1/tasks/${task}/pick`, { lines });
  }

  ship(task: string): Promise<SiteReply<Task>> {
    return this.#write(`/v1/tasks/${task}/ship`, {});
  }

  /** Units that the node has ever granted to central; 0 of a SKU that it has never seen. */
  async grantedOf(sku: string): Promise<number> {
    const url = `${this.url}/v1/stock/${encodeURIComponent(sku)}/explain?limit=1`;
    const answer = await requestPatiently(url, {}, this.#patience);
    if (answer.status === 404) return 0;
    return (bodyOf(answer, url) as { readonly quota: { readonly granted: number } }).quota.granted;
  }

  /** The whole log, oldest first. */
  async *log(): AsyncGenerator<LoggedMovement> {
    let after: number | undefined = 0;
    while (after !== undefined) {
      const page: { readonly movements: readonly LoggedMovement[]; readonly next?: number } = await this.#get(
        `/v1/movements?limit=${PAGE_ROWS}&after=${after}`,
      );
      yield* page.movements;
      after = page.next;
    }
  }

  async #write<Told>(path: string, body: object): Promise<SiteReply<Told>> {
    const answer = await requestPatiently(this.url + path, { body }, this.#patience);
    if (answer.status === 200 || answer.status === 201) return { reply: 'done', told: answer.body as Told };
    const { code = `http-${answer.status}` } = (answer.body ?? {}) as { readonly code?: string };
    return { reply: 'refused', code };
  }

  async #get<Body>(path: string): Promise<Body> {
    return bodyOf(await requestPatiently(this.url + path, {}, this.#patience), this.url + path) as Body;
  }
}
