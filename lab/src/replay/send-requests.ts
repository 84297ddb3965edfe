import type { EdgeApi, RecordReply } from '../api/edge-api.ts';
import { Gate } from './gate.ts';
import type { NodeRequest } from './receipt-requests.ts';

/** How sending is bounded. */
export type SendLimits = {
  /** Nodes that are spoken to at the same time. */
  readonly inFlightMax: number;
  /** Requests read from the file ahead of the slowest node. */
  readonly queuedMax: number;
};
export const sendLimits: SendLimits = { inFlightMax: 64, queuedMax: 2_048 };

/**
 * Sends each node its requests one after the other, in order, and many nodes at once: a node's own order is the order of the
 * file, between nodes there is none. Reading waits when too much is queued, so memory does not grow with the file. The first failure
 * stops the reading and is thrown when what was under way has ended. `onReply` runs for each answer, in the node's order.
 */
export async function sendRequests(
  requests: AsyncIterable<NodeRequest>,
  nodeOf: (warehouse: string) => Pick<EdgeApi, 'record'>,
  onReply: (request: NodeRequest, reply: RecordReply) => void,
  limits: SendLimits = sendLimits,
): Promise<void> {
  const inFlight = new Gate(limits.inFlightMax);
  const queued = new Gate(limits.queuedMax);
  const lastOf = new Map<string, Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  const send = async (request: NodeRequest): Promise<void> => {
    if (failure) return;
    await inFlight.enter();
    try {
      onReply(request, await nodeOf(request.warehouse).record(request));
    } catch (error) {
      failure ??= { error };
    } finally {
      inFlight.leave();
    }
  };

  for await (const request of requests) {
    await queued.enter();
    if (failure) break;
    const before = lastOf.get(request.warehouse) ?? Promise.resolve();
    lastOf.set(
      request.warehouse,
      before.then(() => send(request)).finally(() => queued.leave()),
    );
  }
  await Promise.all(lastOf.values());
  if (failure) throw failure.error;
}
