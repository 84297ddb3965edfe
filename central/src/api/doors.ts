import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { PROBLEM_CONTENT_TYPE, type Problem, ProblemError, problemOf, refuse } from '@edgestock/shared/runtime/problem';
import { shortened } from '@edgestock/shared/runtime/sentence';
import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import { centralLimits } from '../limits.ts';
import { StoreFailing } from '../store/store-failing.ts';
import { problems } from './problems.ts';
import { routeHint } from './route-hint.ts';

/** Present when a real connection is behind the request; absent in a test that calls the app itself. */
export type ApiEnvironment = { Bindings: Partial<HttpBindings> };
export type ApiContext = Context<ApiEnvironment>;
export type ApiHandler = (context: ApiContext) => Response | Promise<Response>;

/** Told once for every answer: which route, which status, how long it took. */
export type ObserveAnswer = (route: string, status: number, durationMs: number) => void;

export type Doors = (path: string, handlers: DoorHandlers) => void;
type DoorHandlers = { readonly GET?: ApiHandler; readonly POST?: ApiHandler; readonly PUT?: ApiHandler };

/**
 * Puts handlers on paths, so that every route answers its mistakes alike and is measured alike. Not a middleware: those make
 * every answer asynchronous, and the answer from memory is synchronous from the socket and back (see `availability-routes.ts`).
 */
export function createDoors(
  app: Hono<ApiEnvironment>,
  options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly observe: ObserveAnswer;
    /** Who answers what has no door here, where another process may. */
    readonly elsewhere?: string;
  },
): Doors {
  const { clock, log, observe, elsewhere } = options;

  const guarded = (route: string, handler: ApiHandler): ApiHandler => {
    const failed = (error: unknown, context: ApiContext) => failureResponse(error, context.req, log);
    return (context) => {
      const startedMs = clock.monotonicMs();
      const done = (response: Response) => {
        observe(route, response.status, clock.monotonicMs() - startedMs);
        return response;
      };
      try {
        const answer = handler(context);
        if (answer instanceof Promise) return answer.catch((error) => failed(error, context)).then(done);
        return done(answer);
      } catch (error) {
        return done(failed(error, context));
      }
    };
  };

  const known: { readonly path: string; readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.notFound(
    guarded('none', ({ req }) => {
      // Looked up here and not as a route for all methods: a second handler on a path would make each of its answers asynchronous.
      const allow = known.flatMap(({ pattern, methods }) => (pattern.test(req.path) ? methods : [])).join(', ');
      if (allow === '') {
        refuse(
          problems.notFound,
          `There is no route ${shortened(req.path)}. The routes begin with /v1/.`,
          elsewhere === undefined
            ? routeHint(
                new URL(req.url).pathname,
                known.map(({ path }) => path),
              )
            : { hint: elsewhere },
        );
      }
      const problem = problemOf(problems.methodNotAllowed, `${shortened(req.path)} takes ${allow}, not ${req.method}.`);
      throw new ProblemError(problem, { allow });
    }),
  );

  return (path, handlers) => {
    if (handlers.GET) app.get(path, guarded(path, handlers.GET));
    if (handlers.POST) app.post(path, guarded(path, handlers.POST));
    if (handlers.PUT) app.put(path, guarded(path, handlers.PUT));
    known.push({ path, pattern: patternOf(path), methods: methodsOf(handlers) });
  };
}

function methodsOf(handlers: DoorHandlers): readonly string[] {
  return [
    ...(handlers.GET ? ['GET', 'HEAD'] : []),
    ...(handlers.POST ? ['POST'] : []),
    ...(handlers.PUT ? ['PUT'] : []),
  ];
}

/** `:name` stands for one part of the path. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`);
}

export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': PROBLEM_CONTENT_TYPE, 'cache-control': 'no-store', ...headers },
  });
}

/** Of an answer that is true at this moment only. */
export const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' } as const;

export function jsonResponse(body: string, headers: Readonly<Record<string, string>> = {}, status = 200): Response {
  return new Response(body, { status, headers: { ...JSON_HEADERS, ...headers } });
}

/** The store cannot be read for now, which is told once, and by the status, and not with every request. */
export function storeFailingResponse({
  message,
  reason,
  hint,
}: Pick<StoreFailing, 'message' | 'reason' | 'hint'>): Response {
  const problem = problemOf(problems.unavailable, `The store cannot be read now: ${message}.`, {
    reason,
    hint,
    retryable: true,
  });
  return problemResponse(problem, { 'retry-after': String(Math.ceil(centralLimits.promiseRetryAfterMs / 1_000)) });
}

/** A refusal is told as it is; anything else is ours, and is logged with what was asked for. */
export function failureResponse(
  error: unknown,
  { method, path }: { readonly method: string; readonly path: string },
  log: Log,
): Response {
  if (error instanceof ProblemError) return problemResponse(error.problem, error.headers);
  if (error instanceof StoreFailing) return storeFailingResponse(error);
  log.error({ error, method, path }, 'request failed');
  return problemResponse(problemOf(problems.internal, 'The request was understood, and answering it failed.'));
}
