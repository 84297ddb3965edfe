import { Backoff } from '@edgestock/shared/runtime/backoff';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';

/** An answer, whatever its status. */
export type JsonAnswer = {
  readonly status: number;
  readonly body: unknown;
  /** The answer is that of an earlier, equal request. */
  readonly isReplayed: boolean;
};

export type JsonRequest = {
  /** With a body POST, without GET, unless told otherwise. */
  readonly method?: 'PUT' | 'DELETE';
  readonly body?: object;
  readonly key?: string;
  readonly timeoutMs?: number;
};

/** Nobody answered for as long as the caller was ready to wait. What was sent may or may not have happened. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  readonly hint = 'Is it running there? Sending the same again is safe: what was recorded is not recorded twice.';
}

/** What became of one try at a request: an answer, or nothing by which the sender could know whether it happened. */
export type AttemptEnd = JsonAnswer | { readonly cause: unknown };

/** Hears of every try at a request, for whoever keeps a history of them. */
export type AttemptWatcher = {
  /** A try begins. What is returned is called once, when it has ended. */
  begun(url: string, request: JsonRequest): (end: AttemptEnd) => void;
};

/** For how long a request is repeated until it is answered, and who hears of it. */
export type Patience = { readonly patienceMs: number; readonly watcher?: AttemptWatcher };

const TIMEOUT_MS = 10_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1_000;
/** "Not now" in the words of HTTP. Anything else is an answer. */
const NOT_NOW = new Set([408, 429, 502, 503, 504, 507]);

/** Whether an answer of this status only says to come again. */
export function isNotNow(status: number): boolean {
  return NOT_NOW.has(status);
}

/** One request, one answer. Throws when none comes. */
export async function requestJson(
  url: string,
  { method, body, key, timeoutMs }: JsonRequest = {},
): Promise<JsonAnswer> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS),
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? undefined : JSON.parse(text),
    isReplayed: response.headers.get('idempotency-replayed') === 'true',
  };
}

/**
 * The same request again until there is an answer, at growing intervals, for at most `patienceMs`. Only for requests that may be
 * repeated. Throws `Unreachable` with the last failure.
 */
export async function requestPatiently(
  url: string,
  request: JsonRequest,
  { patienceMs, watcher }: Patience,
): Promise<JsonAnswer> {
  const backoff = new Backoff({ firstDelayMs: RETRY_FIRST_MS, delayMsMax: RETRY_MAX_MS, random: systemRandom });
  const givesUpAt = systemClock.monotonicMs() + patienceMs;
  for (;;) {
    const ended = watcher?.begun(url, request);
    const answer: AttemptEnd = await requestJson(url, request).catch((cause: unknown) => ({ cause }));
    ended?.(answer);
    if ('status' in answer && !isNotNow(answer.status)) return answer;
    const delayMs = backoff.nextDelayMs();
    if (systemClock.monotonicMs() + delayMs > givesUpAt) {
      const last = 'status' in answer ? `the last answer was ${answer.status}` : 'no connection, or no answer in time';
      const cause = 'cause' in answer ? answer.cause : undefined;
      throw new Unreachable(`${url} gave no answer for ${patienceMs / 1000} s: ${last}`, { cause });
    }
    await systemClock.sleep(delayMs);
  }
}
