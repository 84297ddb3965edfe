import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { upSubject } from '@edgestock/shared/protocol/subjects';
import { must } from '@edgestock/shared/runtime/assert';
import { requestJson } from '../../api/json-request.ts';
import { collect } from '../../testing/collect.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { atBroker, type JetStreamHand } from '../world/jetstream.ts';
import { inWorld, type World } from '../world/world.ts';

const COPIES = 5;

/**
 * Somebody at the broker publishes batches of one node as another's, damaged ones, oversized ones and noise. All are counted and
 * rejected; no book is touched.
 */
export const forgedMessages: FaultCase = {
  rows: [35, 36],
  name: 'forged-messages',
  needs: [],
  run: (lab) =>
    inWorld(lab, { warehouses: ['BER1', 'HAM1'] }, async (world) => {
      const before = await rejectedBy(world);
      const sent = await atBroker(world.broker.port, (hand) => forge(hand));
      // Central tells its counters once a second.
      const isRejected = async () => (await rejectedBy(world)) - before >= sent;
      await until(isRejected, 30_000, `central rejects all ${sent} that were forged`);
      const rejected = (await rejectedBy(world)) - before;
      return `${sent} forged, ${rejected} rejected: ${await world.judged()}`;
    }),
};

/** Takes real batches off the wire, and publishes them as what they are not. */
async function forge({ connection }: JetStreamHand): Promise<number> {
  const subscription = connection.subscribe('edgestock.v1.up.>', { max: COPIES });
  const taken = await collect(subscription);
  let sent = 0;
  const jetstream = connection.jetstream();
  for (const { subject, data } of taken) {
    const [other] = ['BER1', 'HAM1'].filter((warehouse) => !subject.endsWith(warehouse));
    const spoilt = Uint8Array.from(data);
    const middle = Math.floor(spoilt.length / 2);
    spoilt[middle] = (spoilt[middle] ?? 0) ^ 1;
    const forged = [
      [upSubject(must(parseWarehouseId(other ?? ''), 'the other warehouse')), data],
      [subject, spoilt],
      [subject, new TextEncoder().encode('no batch at all')],
    ] as const;
    for (const [where, bytes] of forged) {
      await jetstream.publish(where, bytes);
      sent += 1;
    }
    const oversized = new Uint8Array(wireLimits.messageBytesMax + 1);
    const isTaken = await jetstream.publish(subject, oversized).then(
      () => true,
      () => false,
    );
    hold(!isTaken, 'the broker took a message beyond the bound of its stream');
  }
  return sent;
}

async function rejectedBy(world: World): Promise<number> {
  const { body } = await requestJson(`${world.centralUrl}/v1/status`);
  const { ingest } = body as { readonly ingest: { readonly counters?: { readonly messagesRejected: number } } };
  return ingest.counters?.messagesRejected ?? 0;
}
