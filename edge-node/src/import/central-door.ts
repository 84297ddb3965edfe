import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Problem } from '@edgestock/shared/runtime/problem';
import type { Random } from '@edgestock/shared/runtime/random';
import { jsonCall, whyUnanswered } from './json-call.ts';
import { importLimits } from './limits.ts';

/** Central did not answer, or answered that it cannot. */
export class CentralRefused extends Error {
  override readonly name = 'CentralRefused';
  readonly hint: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly hint?: string } = {}) {
    super(message, options);
    this.hint = options.hint;
  }
}

/** Central's HTTP door, for commands. Only what may be repeated is asked of it: a central that is busy or starting is asked again. */
export class CentralDoor {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #random: Random;

  /** `url` as central prints it at start: `http://127.0.0.1:7000`. */
  constructor(options: { url: string; clock: Clock; random: Random }) {
    this.#url = options.url.replace(/\/+$/, '');
    this.#clock = options.clock;
    this.#random = options.random;
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#ask('GET', path);
  }

  /** Puts a whole state; goes on trying for a while when central cannot take it now. */
  async put<Answer>(path: string, body: unknown): Promise<Answer> {
    const { centralRetryFirstMs: firstDelayMs, centralRetryMsMax: delayMsMax, centralTriesMax } = importLimits;
    const backoff = new Backoff({ firstDelayMs, delayMsMax, random: this.#random });
    for (;;) {
      try {
        return await this.#ask('PUT', path, body);
      } catch (error) {
        if (!(error instanceof TryAgain) || backoff.attempt >= centralTriesMax) throw error;
        await this.#clock.sleep(backoff.nextDelayMs());
      }
    }
  }

  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.#fetch(method, path, body);
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok && answer !== undefined) return answer as Answer;
    const problem = answer as Partial<Problem> | undefined;
    const detail = problem?.detail ?? 'not what central says; is the address right?';
    const Refusal = response.status === 503 ? TryAgain : CentralRefused;
    throw new Refusal(`${this.#url}${path} answered ${response.status}: ${detail}`);
  }

  async #fetch(method: string, path: string, body: unknown): Promise<Response> {
    try {
      return await jsonCall(this.#url + path, method, body);
    } catch (cause) {
      throw new TryAgain(`central does not answer at ${this.#url} (${whyUnanswered(cause)})`, {
        cause,
        hint: 'Is it running, and the address right? It looks like http://127.0.0.1:7000.',
      });
    }
  }
}

/** It may go well a moment later. */
class TryAgain extends CentralRefused {}
