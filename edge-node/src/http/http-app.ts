import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import { nearestRoute } from '@edgestock/shared/runtime/nearest-route';
import { problemOf } from '@edgestock/shared/runtime/problem';
import { shortened } from '@edgestock/shared/runtime/sentence';
import { answerInApp, writeDoor } from '@edgestock/shared/runtime/write-door';
import { Hono } from 'hono';
import { LastUnitsCall } from '../ledger/last-units.ts';
import type { HttpApp, HttpDependencies, HttpEnvironment } from './dependencies.ts';
import { explainDoors } from './desk/explain.ts';
import { reservationStepDoors } from './desk/reservation-steps.ts';
import { reservationDoors } from './desk/reservations.ts';
import { stockDoors } from './desk/stock.ts';
import { stockDoor } from './desk/stock-door.ts';
import { transferStepDoors } from './desk/transfer-steps.ts';
import { transferDoors } from './desk/transfers.ts';
import { type Door, hang } from './door.ts';
import { failureResponse, problemResponse } from './failures.ts';
import { importDoors } from './import-routes.ts';
import { EventStreams } from './operator/event-streams.ts';
import { eventDoors } from './operator/events.ts';
import { exceptionDoors } from './operator/exceptions.ts';
import { lateFactDoors } from './operator/late-facts.ts';
import { metricsDoors, nodeMetrics } from './operator/metrics-page.ts';
import { rejoinDoors } from './operator/rejoin.ts';
import { statusDoors } from './operator/status.ts';
import { problems } from './problems.ts';
import { countWrite } from './scanner/counts.ts';
import { logDoors, movementWrite } from './scanner/movements.ts';
import { scanDoors } from './scanner/scan.ts';
import { taskDoors } from './scanner/tasks.ts';
import { receiptWrites } from './till/receipts.ts';

/** The node's doors: all of them in the app, and in front of it a shorter way for what is asked most, in its plainest form. */
export type HttpDoors = { readonly app: HttpApp; readonly front: FrontDoor };

/** The node's HTTP doors, in groups by who asks. */
export function createHttpApp(deps: HttpDependencies): HttpDoors {
  const app: HttpApp = new Hono<HttpEnvironment>();
  const streams = new EventStreams(deps);
  const lastUnits = new LastUnitsCall(deps.ledger.view, deps.lastUnits);
  const metrics = nodeMetrics(deps, { streams, lastUnits });
  const { bodyBytesMax } = deps.limits;
  const writes = [...receiptWrites(deps, lastUnits), movementWrite(deps), countWrite(deps)];
  const doors = [
    ...writes.map((write): Door => {
      const { path, route } = write;
      return { method: 'POST', path, route, answer: ({ req }) => answerInApp(write, req.raw, bodyBytesMax) };
    }),
    ...scanDoors(deps),
    ...logDoors(deps),
    ...taskDoors(deps, lastUnits),
    ...reservationDoors(deps, lastUnits),
    ...reservationStepDoors(deps, lastUnits),
    ...transferDoors(deps, lastUnits),
    ...transferStepDoors(deps, lastUnits),
    ...stockDoors(deps),
    ...explainDoors(deps),
    ...statusDoors(deps),
    ...exceptionDoors(deps),
    ...lateFactDoors(deps),
    ...(deps.rejoin === undefined ? [] : rejoinDoors(deps, deps.rejoin)),
    ...eventDoors(deps, streams),
    ...(deps.imports === undefined ? [] : importDoors(deps, deps.imports)),
    ...metricsDoors(metrics),
  ];
  for (const door of doors) hang(door, app, deps, metrics);

  app.notFound((context) => {
    const response = noSuchDoor(context.req.method, context.req.path, doors);
    metrics.observeRequest('none', response.status, 0);
    return response;
  });
  app.onError((error) => failureResponse(error, deps));
  const reads = stockDoor(deps, metrics);
  const plainWrites = writeDoor(writes, {
    clock: deps.clock,
    bodyBytesMax,
    failed: (error) => failureResponse(error, deps),
    observe: (route, status, durationMs) => metrics.observeRequest(route, status, durationMs / 1_000),
  });
  const front: FrontDoor = (request, response, otherwise) =>
    (request.method === 'GET' ? reads : plainWrites)(request, response, otherwise);
  return { app, front };
}

/** Tells a wrong method from a wrong path. */
function noSuchDoor(method: string, path: string, doors: readonly Door[]): Response {
  const methods = doors.filter((door) => patternOf(door.path).test(path)).map((door) => door.method);
  if (methods.length === 0) {
    const hint = hintFor(
      path,
      doors.map((door) => door.path),
    );
    return problemResponse(problemOf(problems.notFound, `There is no ${shortened(path)} here.`, { hint }));
  }
  const allowed = methods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ');
  return problemResponse(problemOf(problems.methodNotAllowed, `${shortened(path)} takes ${allowed}, not ${method}.`), {
    allow: allowed,
  });
}

/** What whoever comes from central asks a node for. */
const centralRoutes = [
  ...['/v1/orders', '/v1/orders/:id', '/v1/orders/:id/payment', '/v1/orders/:id/cancel'],
  ...['/v1/availability/:sku', '/v1/availability/query', '/v1/channels', '/v1/channels/:channel', '/v1/warehouses'],
];

function hintFor(path: string, routes: readonly string[]): string {
  const nearest = nearestRoute(path, [...routes, ...centralRoutes]);
  if (nearest === undefined && !path.startsWith('/v1/')) return 'The routes begin with /v1/.';
  if (nearest === undefined) return 'A SKU or barcode in a path is URL-encoded: / is %2F.';
  if (!centralRoutes.includes(nearest)) return `Is ${nearest} meant?`;
  const [, , subject] = nearest.split('/');
  return `This is a node; ${subject} ${subject === 'availability' ? 'is' : 'are'} at central: ask ${nearest} there.`;
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`);
}
