import { readJson } from '@edgestock/shared/runtime/json-body';
import { responseOf, type WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import type { HttpLimits } from '../limits.ts';
import type { Door } from './door.ts';

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
 * A write that says all that it means in its body and headers, so that it has one meaning and two ways in: the app, and the front
 * door for those that come in the plainest form. Refuses as doors do, by throwing.
 */
export type Write = Omit<Door, 'method' | 'answer'> & {
  readonly method: 'POST';
  readonly answer: (request: WriteRequest) => Promise<WholeAnswer>;
};

/** The write's way in through the app. */
export function doorOf({ answer, ...write }: Write, limits: Pick<HttpLimits, 'bodyBytesMax'>): Door {
  return {
    ...write,
    answer: async ({ req }) => {
      const json = await readJson(req.raw, limits.bodyBytesMax);
      return responseOf(await answer({ json, header: (name) => req.header(name) }));
    },
  };
}
