import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import { wholeAnswer, writeAnswer } from '@edgestock/shared/runtime/whole-answer';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { StoreFailing } from '../store/store-failing.ts';
import type { AvailabilityAnswers } from './availability-answers.ts';
import { type ObserveAnswer, storeFailingResponse } from './doors.ts';
import type { RenderedAnswer } from './rendered-answer.ts';

/** The route that it stands before. */
const AVAILABILITY_ROUTE = '/v1/availability/:sku';
/** Of the question that nearly all are: a SKU that needs no escaping, and nothing behind it. Not a dot alone or the stream's name. */
const PLAIN_TARGET = /^\/v1\/availability\/(?!stream$|\.{1,2}$)([A-Za-z0-9._~-]{1,64})$/;

/**
 * Answers the plain availability question from the connection to the connection, before the generic machinery of the server makes a
 * request, a context and a response of it. Whatever is not plain is left to the route, which gives the same answer.
 */
export function availabilityDoor(options: {
  readonly answers: Pick<AvailabilityAnswers, 'inMemory' | 'answer'>;
  readonly clock: Clock;
  readonly observe: ObserveAnswer;
}): FrontDoor {
  const { answers, clock, observe } = options;
  return (request, response, otherwise) => {
    const sku = plainSkuOf(request);
    if (sku === undefined) return otherwise();
    const startedMs = clock.monotonicMs();
    const answered = (answer: RenderedAnswer) => {
      write(response, answer);
      observe(AVAILABILITY_ROUTE, 200, clock.monotonicMs() - startedMs);
    };
    /** Whoever asks a store that says nothing has waited half a minute by now, and would wait as long for the route. */
    const failed = async (error: unknown) => {
      if (!(error instanceof StoreFailing)) return otherwise();
      const told = await wholeAnswer(storeFailingResponse(error));
      writeAnswer(response, told);
      observe(AVAILABILITY_ROUTE, told.status, clock.monotonicMs() - startedMs);
    };
    // What else fails is asked once more by the route, which tells of it: nobody else would catch it here.
    let kept: RenderedAnswer | undefined;
    try {
      kept = answers.inMemory(sku, DEFAULT_CHANNEL);
    } catch {
      return otherwise();
    }
    if (kept !== undefined) return answered(kept);
    answers.answer(sku, DEFAULT_CHANNEL).then(answered, failed);
  };
}

function plainSkuOf({ method, url = '', headers }: IncomingMessage): Sku | undefined {
  if (method !== 'GET' || headers['if-none-match'] !== undefined) return undefined;
  return PLAIN_TARGET.exec(url)?.[1] as Sku | undefined;
}

function write(response: ServerResponse, { json, isAscii, etag, cacheControl }: RenderedAnswer): void {
  const length = isAscii ? json.length : Buffer.byteLength(json);
  response.writeHead(200, [
    'content-type',
    'application/json',
    'content-length',
    String(length),
    'etag',
    etag,
    'cache-control',
    cacheControl,
  ]);
  // Head and body leave as one text either way; of one byte for each character it takes 2 µs less.
  response.end(json, isAscii ? 'latin1' : 'utf8');
}
