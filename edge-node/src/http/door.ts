import type { NodeMetrics } from '../metrics.ts';
import type { HttpApp, HttpContext, HttpDependencies } from './dependencies.ts';
import { failureResponse } from './failures.ts';

export type Door = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Name in metrics. */
  readonly route: string;
  readonly answer: (context: HttpContext) => Response | Promise<Response>;
};

/**
 * Hangs a door into the app. Every request passes here and nowhere else: it is timed, and what it throws becomes a problem.
 * Who may ask would be decided here too; today the node listens on loopback and trusts its machine.
 *
 * A wrapper instead of middleware: Hono answers a route that has one handler without composing a chain, and a synchronous
 * answer then stays synchronous down to the socket.
 */
export function hang(door: Door, app: HttpApp, deps: HttpDependencies, metrics: NodeMetrics): void {
  const { route, answer } = door;
  const { clock } = deps;
  const observed = (response: Response, startedMs: number): Response => {
    metrics.observeRequest(route, response.status, (clock.monotonicMs() - startedMs) / 1_000);
    return response;
  };
  const settled = async (pending: Promise<Response>, startedMs: number): Promise<Response> => {
    try {
      return observed(await pending, startedMs);
    } catch (error) {
      return observed(failureResponse(error, deps), startedMs);
    }
  };
  app.on(door.method, door.path, (context) => {
    const startedMs = clock.monotonicMs();
    try {
      const response = answer(context);
      return response instanceof Promise ? settled(response, startedMs) : observed(response, startedMs);
    } catch (error) {
      return observed(failureResponse(error, deps), startedMs);
    }
  });
}
