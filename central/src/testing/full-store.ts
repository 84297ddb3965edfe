import { movementKinds } from '@edgestock/shared/inventory/movement';
import type { TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import { must } from '@edgestock/shared/runtime/assert';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import type { CentralStore } from '../store/central-store.ts';
import { channelOf, NOW, reserve } from '../store/contract-fixture.contract.ts';
import type { PromiseStore } from '../store/promise-store.ts';
import { NodeLog, skuOf, warehouseOf } from './node-log.ts';
import { NodeSnapshot } from './node-snapshot.ts';
import { PlayedNode } from './played-node.ts';

type Store = CentralStore & PromiseStore;

/** Asked once with a key before anything is moved; asked again it gets the same answer. */
export const KEYED = reserve('keyed', { A: 1 }, { idempotency: { key: 'the-key', fingerprint: 'of-it' } });

/** Nodes that go on after the store was moved, each with what it has not told yet. */
export type FullStore = { readonly going: readonly NodeLog[]; readonly keyedOutcome: PromiseOutcome };

/**
 * Something of everything that a store can hold, by way of the port alone. `elsewhere` is another central, which one of the nodes
 * has known before.
 */
export async function fillStore(store: Store, elsewhere: Store): Promise<FullStore> {
  const promise = async (command: PromiseCommand, now = NOW): Promise<PromiseOutcome> => {
    const { outcomes } = await store.promise([command], now);
    return must(outcomes[0], 'one command has one outcome');
  };
  const apply = async (log: NodeLog, first: number, last: number): Promise<void> => {
    await store.applyBatches([log.verified(first, last)], NOW);
  };
  const enrolled = async (warehouse: string, stock: Readonly<Record<string, number>> = {}): Promise<NodeLog> => {
    const log = new NodeLog(warehouse);
    await store.enrol(log.warehouse, log.enrolRequest(), NOW);
    for (const [sku, units] of Object.entries(stock)) log.record(sku, units);
    if (log.head > 0) await apply(log, 1, log.head);
    return log;
  };

  const ber = await enrolled('BER1', { A: 100, B: 50, C: 20, D: 9 });
  const ham = await enrolled('HAM1', { A: 30, E: 5 });
  await store.recordHeard([
    { warehouse: ber.warehouse, at: NOW, committed: 4, sent: 4, skewMs: 3, schemaMin: 1, schemaMax: 3 },
  ]);
  await allAtCentral(promise);
  await promises(promise);
  const keyedOutcome = await promise(KEYED);

  transfer(ber, ham);
  await apply(ber, 5, ber.head);
  await apply(ham, 3, ham.head);

  await clones(store, ber);
  await rejoined(store);
  await snapshots(store);
  await forgotten(store, elsewhere);

  await promise(rule('BER1', 'D', 0));
  await store.quarantine(
    { warehouse: ber.warehouse, reason: 'opaque', detail: 'not \u0000 readable', bytes: Buffer.from([0, 1, 255]) },
    NOW,
  );
  await store.beginEpoch({ heard: 3, reason: 'because' }, NOW + 1);
  await promise(policy('HAM1', 60));
  await trimmed(store, ham);
  await store.statePlace(ber.warehouse, ber.head, NOW + 2);
  await promise(policy('BER1', 5));
  for (const log of [ber, ham]) log.record('A', 7);
  return { going: [ber, ham], keyedOutcome };
}

const policy = (warehouse: string, sharePercent: number): PromiseCommand => ({
  command: 'set-policy',
  warehouse: warehouseOf(warehouse),
  settings: { class: 'store', sharePercent, safetyStock: 1, priority: 100 },
});
const rule = (warehouse: string, sku: string, sharePercent: number): PromiseCommand => ({
  command: 'set-sku-policy',
  warehouse: warehouseOf(warehouse),
  rules: [{ sku: skuOf(sku), sharePercent }],
});

const order = (
  id: string,
  sku: string,
  quantity: number,
  onShortage: 'refuse' | 'backorder' = 'refuse',
): PromiseCommand => ({
  command: 'place-order',
  ...{ id, channel: DEFAULT_CHANNEL, owner: 'customer', onShortage },
  ...{ lines: [{ sku: skuOf(sku), quantity }], paymentDueAt: NOW + 60_000, paymentTtlSeconds: 60 },
});

type Ask = (command: PromiseCommand, now?: number) => Promise<PromiseOutcome>;

async function allAtCentral(promise: Ask): Promise<void> {
  const channel = channelOf('web');
  await promise({
    command: 'set-channel',
    record: { channel, warehouses: [warehouseOf('BER1')], buffer: 2 },
  });
  await promise({ command: 'set-buffers', channel, buffers: [{ sku: skuOf('B'), buffer: 3 }] });
}

async function promises(promise: Ask): Promise<void> {
  await promise({
    command: 'upsert-catalogue',
    items: [
      { sku: skuOf('A'), name: 'A name with \u0000, ä, 😀', barcodes: [], warehouses: 'all' },
      {
        sku: skuOf('B'),
        barcodes: [{ barcode: '4006381333931', multiple: 6 }],
        warehouses: [warehouseOf('BER1')],
      },
    ],
  });
  await promise(reserve('held', { A: 3, B: 2, D: 8 }, { owner: 'somebody \u0000' }));
  await promise(reserve('partial', { E: 50 }, { isPartial: true }));
  await promise(reserve('released', { A: 1 }));
  await promise({ command: 'release', reservation: 'released', reason: 'no more' });
  await promise(reserve('expired', { A: 1 }, { expiresAt: NOW + 1 }));
  await promise(reserve('confirmed', { A: 2 }));
  await promise({ command: 'confirm', reservation: 'confirmed' });
  await promise(order('placed', 'A', 4));
  await promise(order('firm', 'B', 5));
  await promise({ command: 'pay', order: 'firm', result: 'authorised', reference: 'p' });
  await promise(order('waiting', 'C', 30, 'backorder'));
  await promise({ command: 'pay', order: 'waiting', result: 'authorised' });
  await promise(order('cancelled', 'A', 1));
  await promise({ command: 'cancel', order: 'cancelled', reason: 'changed their mind' });
  await promise({ command: 'sweep', limit: 10 }, NOW + 2);
}

/** Under way, partly there. */
function transfer(from: NodeLog, to: NodeLog): void {
  const of = (otherWarehouse: string) => ({ document: 'T-1', otherWarehouse: warehouseOf(otherWarehouse) });
  from.record('A', -5, { kind: movementKinds['transfer-ship'].code, details: of('HAM1') });
  to.record('A', 2, { kind: movementKinds['transfer-receive'].code, details: of('BER1') });
}

/** One whose clone sold, too: a fence, and facts that wait for a person. */
async function clones(store: Store, ber: NodeLog): Promise<void> {
  const log = new NodeLog('CLO1');
  await store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', 50);
  await store.applyBatches([log.verified(1, 1)], NOW);
  const clone = log.fork();
  log.record('A', -2);
  await store.applyBatches([log.verified(2, 2)], NOW);
  clone.record('A', -1);
  await store.applyBatches([clone.verified(2, 2)], NOW);
  clone.record('A', -1);
  await store.applyBatches([clone.verified(2, 3)], NOW);
  const [first] = await store.quarantined({ warehouse: log.warehouse, isSettled: false, limit: 1 });
  const id = must(first, 'something was put aside').id;
  const settlement = { as: 'applied', by: 'ana', why: 'it was sold' } as const;
  await store.promise([{ command: 'settle-late-fact', id, settlement }], NOW);
  // A delta that cannot be applied makes a position suspect.
  ber.record('Z', 1, { version: 1, quantity: 1 });
}

/** One in its second life, with a state that the first had told ahead. */
async function rejoined(store: Store): Promise<void> {
  const log = new NodeLog('REJ1');
  await store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', 5);
  await store.applyBatches([log.verified(1, 1)], NOW);
  log.record('A', -1);
  log.record('B', 2);
  await store.applyStates([log.stateMessage()], NOW);
  const asked: TakeOverRequest = {
    ...{ ask: 'take-over', warehouse: 'REJ1', instance: 'the-new-one', sawEpoch: 1, schema: [1, 2] },
  };
  await store.rejoin(log.warehouse, asked, NOW);
}

/** One whose log begins with a snapshot, and one whose snapshot is coming in. */
async function snapshots(store: Store): Promise<void> {
  for (const [warehouse, steps] of [
    ['SNA1', 99],
    ['SNA2', 1],
  ] as const) {
    const log = new NodeLog(warehouse);
    for (const sku of ['A', 'B', 'C', 'D', 'E']) log.record(sku, 10);
    await store.enrol(log.warehouse, log.enrolRequest(), NOW);
    const snapshot = new NodeSnapshot(log, 5);
    let { reply } = await store.beginSnapshot(log.warehouse, snapshot.offered, NOW);
    for (let step = 0; step < steps; step += 1) {
      if (reply.outcome === 'send') {
        ({ reply } = await store.putSnapshotChunk(log.warehouse, snapshot.chunk(reply.index), NOW));
      } else if (reply.outcome === 'take') {
        ({ reply } = await store.takeSnapshot(log.warehouse, snapshot.asked, NOW));
      } else break;
    }
  }
}

/** One that has a task of a central which this one knows nothing of. */
async function forgotten(store: Store, elsewhere: Store): Promise<void> {
  const node = await new PlayedNode('FOR1').enrol(elsewhere, NOW);
  node.receive('A', 9);
  await node.tell(elsewhere, NOW);
  await elsewhere.promise([order('old', 'A', 2), { command: 'pay', order: 'old', result: 'authorised' }], NOW);
  await node.hear(elsewhere);
  await store.enrol(node.log.warehouse, node.log.enrolRequest(), NOW);
  await store.applyBatches([node.log.verified(1, node.log.head)], NOW);
}

/** A log down that does not begin with its first directive any more. */
async function trimmed(store: Store, { warehouse }: NodeLog): Promise<void> {
  const sequence = ((await store.downHead(warehouse))?.sequence ?? 0) - 1;
  await store.recordCarriedOut([{ warehouse, sequence }]);
  await store.recordCovered([{ warehouse, sequence }]);
  await store.trimDirectives(NOW, 100);
  await store.trimDirectives(NOW + centralLimits.directivesKeptMs, 100);
}
