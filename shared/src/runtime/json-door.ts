import type { Clock } from './clock.ts';
import { OperatingFailure } from './operating-failure.ts';
import type { Problem, ProblemItem } from './problem.ts';

/** A door did not do what it was asked: it refused, or gave no answer that could be understood. */
export class DoorFailed extends OperatingFailure {
  override readonly name = 'DoorFailed';
  /** Of the problem that the door told; absent where it told none. */
  readonly code: string | undefined;
  /** The same may go well a moment later. */
  readonly isPassing: boolean;

  constructor(
    message: string,
    {
      hint,
      code,
      isPassing = false,
      cause,
    }: Why & { readonly code?: string | undefined; readonly isPassing?: boolean },
  ) {
    super(message, hint, { cause });
    this.code = code;
    this.isPassing = isPassing;
  }
}

type Why = { readonly hint: string; readonly cause?: unknown };

const ADDRESS_HINT = 'Is it running, and the address right?';

/** An HTTP door of a node or of central as somebody sees it who asks there. What it refuses is told in its own words. */
export class JsonDoor {
  readonly url: string;
  readonly #clock: Clock;
  readonly #hint: string;

  /** `url` without a slash at its end. `hint` is what to do when a door refuses and does not say. */
  constructor({ url, clock, hint = '' }: { readonly url: string; readonly clock: Clock; readonly hint?: string }) {
    this.url = url;
    this.#clock = clock;
    this.#hint = hint;
  }

  /** The JSON that the door answers. Without `patienceMs` it may take its time. Throws `DoorFailed`. */
  async ask<Answer>(
    method: string,
    path: string,
    { body, patienceMs }: { readonly body?: unknown; readonly patienceMs?: number } = {},
  ): Promise<Answer> {
    const patience = new AbortController();
    const giveUp = () => patience.abort(new Error(`no answer in ${(patienceMs ?? 0) / 1_000} s`));
    const cancel = patienceMs === undefined ? undefined : this.#clock.after(patienceMs, giveUp);
    try {
      const response = await fetch(this.url + path, {
        method,
        signal: patience.signal,
        // To another address a write would go as a read.
        redirect: 'manual',
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      const answer = parsed(text);
      if (response.ok && answer !== undefined) return answer as Answer;
      throw this.#refusal(path, response, answer);
    } catch (error) {
      throw error instanceof DoorFailed ? error : this.#unanswered(error);
    } finally {
      cancel?.();
    }
  }

  #refusal(path: string, response: Response, answer: unknown): DoorFailed {
    const { status, headers } = response;
    const isPassing = status === 503;
    if (isProblem(answer)) {
      const { detail, hint, code, problems } = answer;
      // The sentence is about the first of them.
      const more = (problems ?? []).slice(1).map(({ message }) => message);
      return new DoorFailed([detail, ...more].join('\n'), { hint: hint ?? this.#hint, code, isPassing });
    }
    const elsewhere = headers.get('location');
    if (elsewhere !== null) {
      return new DoorFailed(`${this.url} sends its callers to ${elsewhere}`, { hint: 'Name that address.' });
    }
    const said = `${status} ${headers.get('content-type') ?? 'without a content'}`;
    return new DoorFailed(`what answers at ${this.url} is not edgestock (${path}: ${said})`, {
      hint: 'Is the address right?',
      isPassing,
    });
  }

  #unanswered(error: unknown): DoorFailed {
    const { reason, hint } = whyUnanswered(error);
    return new DoorFailed(`nothing answers at ${this.url} (${reason})`, { hint, isPassing: true });
  }
}

/** A problem document as it comes in: of this release or another one. */
type ToldProblem = Pick<Problem, 'detail'> & {
  readonly code?: string;
  readonly hint?: string;
  readonly problems?: readonly ProblemItem[];
};

function isProblem(answer: unknown): answer is ToldProblem {
  return answer !== null && typeof answer === 'object' && 'detail' in answer && typeof answer.detail === 'string';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The error of `fetch` says only that it failed. Its cause says why, in words of TLS and HTTP where those do not fit. */
function whyUnanswered(error: unknown): { readonly reason: string; readonly hint: string } {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  // A name of several addresses fails once for each.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  const elseHint = 'Is it the port of something else, or one of TLS (https://)?';
  if (first instanceof Error && first.name === 'HTTPParserError')
    return { reason: 'it does not speak HTTP', hint: elseHint };
  if (code === 'UND_ERR_SOCKET') return { reason: 'it hangs up', hint: elseHint };
  if (/^ERR_SSL_(WRONG_VERSION|PACKET_LENGTH)/.test(code)) {
    return { reason: 'it does not speak TLS', hint: 'Name it with http://.' };
  }
  // Behind a semicolon Node has hints of its own.
  const reason = (first instanceof Error && first.message.split(';')[0]) || code || String(first);
  const isUnknownSigner = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code);
  return {
    reason,
    hint: isUnknownSigner
      ? 'Name the certificate of its authority: NODE_EXTRA_CA_CERTS=FILE in front of the command.'
      : ADDRESS_HINT,
  };
}
