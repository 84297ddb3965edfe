import type { IncomingMessage } from 'node:http';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import { isPlainJson, readPlainJson } from '@edgestock/shared/runtime/plain-json';
import { type WholeAnswer, wholeAnswer, writeAnswer } from '@edgestock/shared/runtime/whole-answer';
import type { NodeMetrics } from '../metrics.ts';
import type { HttpDependencies } from './dependencies.ts';
import { failureResponse } from './failures.ts';
import type { Write, WriteRequest } from './write.ts';

/**
 * Takes writes whose bodies are sent as plain JSON from the connection to the ledger and answers to the connection. What a write
 * means, and what it is refused with, is the same as behind the app: only the way there is shorter.
 */
export function writeDoor(
  writes: readonly Write[],
  deps: Pick<HttpDependencies, 'clock' | 'limits' | 'log' | 'random'>,
  metrics: NodeMetrics,
): FrontDoor {
  const { clock, limits } = deps;
  const byPath = new Map(writes.map((write) => [write.path, write]));
  return async (request, response, otherwise) => {
    const write = byPath.get(request.url ?? '');
    const isTaken = request.method === write?.method && isPlainJson(request, limits.bodyBytesMax);
    if (write === undefined || !isTaken) return otherwise();
    const startedMs = clock.monotonicMs();
    const answer = await answerOf(write, request);
    writeAnswer(response, answer);
    metrics.observeRequest(write.route, answer.status, (clock.monotonicMs() - startedMs) / 1_000);
  };

  async function answerOf(write: Write, request: IncomingMessage): Promise<WholeAnswer> {
    try {
      return await write.answer(writeRequest(request, await readPlainJson(request)));
    } catch (error) {
      return wholeAnswer(failureResponse(error, deps));
    }
  }
}

function writeRequest({ headers }: IncomingMessage, json: unknown): WriteRequest {
  return { json, header: (name) => headers[name]?.toString() };
}
