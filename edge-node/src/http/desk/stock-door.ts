import type { IncomingMessage } from 'node:http';
import type { Sku } from '@edgestock/shared/inventory/ids';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import { writeAnswer } from '@edgestock/shared/runtime/whole-answer';
import type { NodeMetrics } from '../../metrics.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { stockAnswer } from './stock-answer.ts';

/** Of the question that nearly all are: a SKU that needs no escaping, and nothing behind it. Not a dot alone or two. */
const PLAIN_TARGET = /^\/v1\/stock\/(?!\.{1,2}$)([A-Za-z0-9._~-]{1,64})$/;

/** Answers the plain question for one position; whatever is not plain, unknown or fails is left to the route. */
export function stockDoor(
  { ledger, clock }: Pick<HttpDependencies, 'ledger' | 'clock'>,
  metrics: NodeMetrics,
): FrontDoor {
  return (request, response, otherwise) => {
    const sku = plainSkuOf(request);
    if (sku === undefined) return otherwise();
    const startedMs = clock.monotonicMs();
    const position = positionOrNone(sku);
    if (position === undefined) return otherwise();
    writeAnswer(response, stockAnswer(sku, position));
    metrics.observeRequest('stock', 200, (clock.monotonicMs() - startedMs) / 1_000);
  };

  /** What fails is asked once more by the route, which tells of it. */
  function positionOrNone(sku: Sku) {
    try {
      return ledger.view.position(sku);
    } catch {
      return undefined;
    }
  }
}

function plainSkuOf({ method, url = '', headers }: IncomingMessage): Sku | undefined {
  if (method !== 'GET' || headers['if-none-match'] !== undefined) return undefined;
  return PLAIN_TARGET.exec(url)?.[1] as Sku | undefined;
}
