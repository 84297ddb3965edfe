import type { Clock } from './clock.ts';
import type { FrontDoor } from './front-door.ts';
import { readJson } from './json-body.ts';
import { isPlainJson, readPlainJson } from './plain-json.ts';
import { responseOf, type WholeAnswer, wholeAnswer, writeAnswer } from './whole-answer.ts';

/** What a write says, whichever way it came in. */
export type WriteRequest = Headed & {
  /** Its body, parsed. */
  readonly json: unknown;
};

export type Headed = {
  /** The value of a header, whose name is given in small letters. */
  header(name: string): string | undefined;
};

/**
 * A POST that says all that it means in its body and headers, so that it has one meaning and two ways in: the app, and the front
 * door for those that come in the plainest form. Refuses as doors do, by throwing.
 */
export type Write = {
  readonly path: string;
  /** Name in metrics. */
  readonly route: string;
  readonly answer: (request: WriteRequest) => Promise<WholeAnswer>;
};

/** The write's way in through an app, which answers what it throws. */
export async function answerInApp({ answer }: Write, request: Request, bodyBytesMax: number): Promise<Response> {
  const json = await readJson(request, bodyBytesMax);
  return responseOf(await answer({ json, header: (name) => request.headers.get(name) ?? undefined }));
}

/** The way in of those that are sent as plain JSON: from connection to connection. All else is left to the app. */
export function writeDoor(
  writes: readonly Write[],
  options: {
    readonly clock: Pick<Clock, 'monotonicMs'>;
    readonly bodyBytesMax: number;
    /** What the app says to a write that threw. */
    readonly failed: (error: unknown, write: Write) => Response;
    readonly observe: (route: string, status: number, durationMs: number) => void;
  },
): FrontDoor {
  const { clock, bodyBytesMax, failed, observe } = options;
  const byPath = new Map(writes.map((write) => [write.path, write]));
  return (request, response, otherwise) => {
    const write = request.method === 'POST' ? byPath.get(request.url ?? '') : undefined;
    if (write === undefined || !isPlainJson(request, bodyBytesMax)) return otherwise();
    const startedMs = clock.monotonicMs();
    return readPlainJson(request)
      .then((json) => write.answer({ json, header: (name) => request.headers[name]?.toString() }))
      .catch((error: unknown) => wholeAnswer(failed(error, write)))
      .then((answer) => {
        writeAnswer(response, answer);
        observe(write.route, answer.status, clock.monotonicMs() - startedMs);
      });
  };
}
