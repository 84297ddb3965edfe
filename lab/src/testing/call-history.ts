import { must } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { type AttemptEnd, type AttemptWatcher, isNotNow, type JsonRequest } from '../api/json-request.ts';

/** How a try at a call ended, as its sender knows. */
export type Ending =
  | { readonly ending: 'under-way' }
  /** `isReplayed`: an earlier try, of which nobody had heard, had done it. */
  | { readonly ending: 'ok'; readonly isReplayed: boolean }
  | { readonly ending: 'refused'; readonly code: string }
  /** Told to come again. */
  | { readonly ending: 'put-off' }
  /** The connection broke, or no answer came: it may have happened or not. */
  | { readonly ending: 'unknown' };

/** One try at a call. */
export type Attempt = {
  /** Its place among all tries, in the order in which they were invoked. */
  readonly number: number;
  readonly url: string;
  /** What is asked, in full: tries at the same call ask the same. */
  readonly call: string;
  readonly invokedAtMs: number;
  readonly endedAtMs: number | undefined;
} & Ending;

/**
 * What callers did and were told, as laboratories of distributed systems keep it: each try invoked, and then answered or
 * unknown. From it follows what a test may expect of the other side, and whether the callers did their part.
 */
export class CallHistory implements AttemptWatcher {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #attempts: Attempt[] = [];

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  begun(url: string, { method, body, key }: JsonRequest): (end: AttemptEnd) => void {
    const number = this.#attempts.length;
    const call = [method ?? (body === undefined ? 'GET' : 'POST'), url, key ?? '', JSON.stringify(body)].join(' ');
    const invoked = { number, url, call, invokedAtMs: this.#clock.monotonicMs(), endedAtMs: undefined };
    this.#attempts.push({ ...invoked, ending: 'under-way' });
    return (end) => {
      this.#attempts[number] = { ...invoked, endedAtMs: this.#clock.monotonicMs(), ...endingOf(end) };
    };
  }

  /** Tries at calls to an address that have not ended, as they are now. */
  underWay(address: string): readonly Attempt[] {
    return this.#attempts.filter(({ url, ending }) => ending === 'under-way' && url.startsWith(`${address}/`));
  }

  /** All tries at the same call as this one, in their order. */
  triesAt({ call }: Pick<Attempt, 'call'>): readonly Attempt[] {
    return this.#attempts.filter((attempt) => attempt.call === call);
  }

  /** This try as it is by now. */
  now({ number }: Attempt): Attempt {
    return must(this.#attempts[number], 'a try of this history');
  }

  /** Calls that did not come to one answer, the last thing they heard; or were tried again before they had to be. */
  unfinished(): readonly string[] {
    const calls = Map.groupBy(this.#attempts, ({ call }) => call);
    return [...calls.values()].flatMap((tries) => {
      const isOneAnswer = tries.every(({ ending }, index) => isAnswer(ending) === (index === tries.length - 1));
      const isInTurn = tries.every(({ invokedAtMs }, index) => invokedAtMs >= (tries[index - 1]?.endedAtMs ?? 0));
      const [{ call } = { call: '' }] = tries;
      return isOneAnswer && isInTurn ? [] : [`${call}: ${tries.map(({ ending }) => ending).join(', ')}`];
    });
  }
}

function isAnswer(ending: Ending['ending']): boolean {
  return ending === 'ok' || ending === 'refused';
}

function endingOf(end: AttemptEnd): Ending {
  if ('cause' in end) return { ending: 'unknown' };
  const { status, body, isReplayed } = end;
  if (status === 200 || status === 201) return { ending: 'ok', isReplayed };
  if (isNotNow(status)) return { ending: 'put-off' };
  const { code = `http-${status}` } = (body ?? {}) as { readonly code?: string };
  return { ending: 'refused', code };
}
