import { type Told, toldOf } from '../model/compare-positions.ts';
import type { NodeRequest } from '../replay/receipt-requests.ts';
import { type JsonAnswer, type Patience, requestPatiently, Unreachable } from './json-request.ts';

/** What a node said to a write. */
export type RecordReply =
  | {
      readonly reply: 'recorded';
      /** Place in the node's log of the last movement. */
      readonly sequence: number;
      /** The SKU of that movement. */
      readonly sku: string;
      readonly movements: number;
      readonly exceptions: number;
      /** It had been recorded before: this is the first answer again. */
      readonly isRepeated: boolean;
    }
  | { readonly reply: 'refused'; readonly code: string; readonly detail: string };

const PAGE_ROWS = 1_000;
const READ_PATIENCE_MS = 30_000;

/** A node's HTTP API as its tills and operators use it. The node is of this release, so its answers are taken at their word. */
export class EdgeApi {
  readonly url: string;
  readonly #patience: Patience;

  /** `patienceMs` is how long a write is repeated while the node does not answer. */
  constructor(url: string, patience: Patience) {
    this.url = url.replace(/\/$/, '');
    this.#patience = patience;
  }

  /** Repeats until it is answered, which the receipt or key makes harmless. Throws `Unreachable`. */
  async record({ path, body, key }: NodeRequest): Promise<RecordReply> {
    const request = key === undefined ? { body } : { body, key };
    return replyOf(await requestPatiently(this.url + path, request, this.#patience));
  }

  async status(): Promise<{ readonly warehouse: string; readonly sequence: number; readonly applied: number }> {
    return (await this.#get('/v1/status')) as { warehouse: string; sequence: number; applied: number };
  }

  async positions(): Promise<ReadonlyMap<string, Told>> {
    const positions = new Map<string, Told>();
    let after = '';
    for (;;) {
      const page = (await this.#get(`/v1/stock?limit=${PAGE_ROWS}${after}`)) as {
        stock: readonly (Told & { readonly sku: string })[];
        next?: string;
      };
      for (const position of page.stock) positions.set(position.sku, toldOf(position));
      if (page.next === undefined) return positions;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
  }

  async #get(path: string): Promise<unknown> {
    return bodyOf(await requestPatiently(this.url + path, {}, { patienceMs: READ_PATIENCE_MS }), this.url + path);
  }
}

function replyOf({ status, body, isReplayed }: JsonAnswer): RecordReply {
  if (status === 201) {
    const { sequence, movements, exceptions } = body as {
      readonly sequence: number;
      readonly movements: readonly { readonly sku: string }[];
      readonly exceptions: readonly unknown[];
    };
    return {
      reply: 'recorded',
      sequence,
      sku: movements.at(-1)?.sku ?? '',
      movements: movements.length,
      exceptions: exceptions.length,
      isRepeated: isReplayed,
    };
  }
  const { code = `http-${status}`, detail = '' } = (body ?? {}) as { readonly code?: string; readonly detail?: string };
  return { reply: 'refused', code, detail };
}

/** The body of a read that has to succeed. */
export function bodyOf({ status, body }: JsonAnswer, url: string): unknown {
  if (status !== 200) throw new Unreachable(`${url} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
