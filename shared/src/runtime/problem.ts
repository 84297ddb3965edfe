import { assert } from './assert.ts';

/**
 * Errors as every HTTP door tells them: RFC 9457 problem details. `code` is what programs branch on and never changes meaning;
 * `title` belongs to the code, `detail` to this one occurrence.
 */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
} & ProblemExtras;

/** Members beyond the standard ones: a hint, the current state, the list of what is wrong line by line. */
export type ProblemExtras = Readonly<Record<string, unknown>>;

/** A sort of problem, declared once in a table of its package and told with the same status and title everywhere. */
export type ProblemKind = { readonly code: string; readonly status: number; readonly title: string };

/** One thing wrong with a request, as listed in the member `problems`. */
export type ProblemItem = {
  /** Index in the request's `lines`; absent where the fault is not in a line. */
  readonly line?: number;
  readonly code: string;
  readonly message: string;
  /** Where in the body: `lines.3.quantity`. */
  readonly path?: string;
};

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';
const PROBLEM_TYPE_BASE = 'https://edgestock.dev/problems/';
const CODE_PATTERN = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const STANDARD_MEMBERS = ['type', 'title', 'status', 'code', 'detail'];

/** What any HTTP service may have to say, before its own subject comes up. */
export const commonProblems = {
  malformedJson: { code: 'malformed-json', status: 400, title: 'The body is not JSON' },
  invalidRequest: { code: 'invalid-request', status: 400, title: 'The request cannot be meant as it is' },
  bodyIncomplete: { code: 'body-incomplete', status: 400, title: 'The body did not arrive as a whole' },
  notFound: { code: 'route-not-found', status: 404, title: 'There is no such route' },
  /** A node and central both make reservations, and refuse them in the same words. */
  unknownReservation: { code: 'unknown-reservation', status: 404, title: 'There is no such reservation' },
  methodNotAllowed: { code: 'method-not-allowed', status: 405, title: 'The route does not take this method' },
  requestTimeout: { code: 'request-timeout', status: 408, title: 'The request did not arrive in time' },
  insufficient: { code: 'insufficient', status: 409, title: 'Not everything can be promised; nothing was' },
  reservationState: { code: 'reservation-state', status: 409, title: 'The reservation is not in a state for that' },
  bodyTooLarge: { code: 'body-too-large', status: 413, title: 'The body is too large' },
  unsupportedMediaType: { code: 'unsupported-media-type', status: 415, title: 'The body is not sent as JSON' },
  headersTooLarge: { code: 'headers-too-large', status: 431, title: 'The target and headers are too long' },
  internal: { code: 'internal', status: 500, title: 'Something went wrong here' },
  unavailable: { code: 'unavailable', status: 503, title: 'The service cannot do this now' },
} as const satisfies Record<string, ProblemKind>;

/** The problem document of one occurrence. `detail` is a sentence for a person; extras may not shadow the standard members. */
export function problemOf(kind: ProblemKind, detail: string, extras: ProblemExtras = {}): Problem {
  assert(CODE_PATTERN.test(kind.code), () => `problem code ${kind.code} is not kebab-case`);
  assert(kind.status >= 400 && kind.status <= 599, () => `problem ${kind.code} has status ${kind.status}`);
  for (const member of STANDARD_MEMBERS) assert(!(member in extras), () => `${kind.code} shadows the member ${member}`);
  return {
    type: PROBLEM_TYPE_BASE + kind.code,
    title: kind.title,
    status: kind.status,
    code: kind.code,
    detail,
    ...extras,
  };
}

/** What a request gets whose target or Host header is no URL: it never reaches a route. `reason` says what is wrong with it. */
export function malformedRequestProblem(reason: string): Problem {
  return problemOf(commonProblems.invalidRequest, `The request line or the Host header is malformed: ${reason}.`);
}

/** A refused request on its way out of nested code to the one place that answers it: thrown in doors only, never below them. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;

  constructor(problem: Problem, headers: Readonly<Record<string, string>> = {}) {
    super(problem.detail);
    this.problem = problem;
    this.headers = headers;
  }
}

/** Throws the problem of one occurrence; typed `never`, so that it can stand where a value is due. */
export function refuse(
  kind: ProblemKind,
  detail: string,
  extras?: ProblemExtras,
  headers?: Readonly<Record<string, string>>,
): never {
  throw new ProblemError(problemOf(kind, detail, extras), headers);
}
