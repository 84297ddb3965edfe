import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { CentralReader } from '../store/central-store.ts';
import { channelOf, NOW } from '../store/contract-fixture.contract.ts';
import type { PromiseReader } from '../store/promise-store.ts';
import { skuOf } from './node-log.ts';

type Reader = CentralReader & PromiseReader;
type Answers = { readonly [Method in keyof Reader]: unknown } & { readonly stats: object };

/** What every method of both readers answers, about all that `fillStore` makes: a method that is added later is asked for here. */
export async function allAnswers(reader: Reader): Promise<Answers> {
  const skus = ['A', 'B', 'C', 'D', 'E', 'F', 'Z'].map(skuOf);
  const channels = [DEFAULT_CHANNEL, channelOf('web')];
  const warehouses = (await reader.warehouses()).map(({ warehouse }) => warehouse);
  const ofEach = <T, R>(some: readonly T[], ask: (one: T) => Promise<R>) => Promise.all(some.map(ask));
  const ofPositions = <R>(ask: (warehouse: (typeof warehouses)[number], sku: (typeof skus)[number]) => Promise<R>) =>
    ofEach(warehouses, (warehouse) => ofEach(skus, (sku) => ask(warehouse, sku)));
  const aside = await reader.quarantined({ limit: 99 });
  const orders = await reader.orders({ limit: 99 });
  const reservations = await reader.reservations({ now: NOW, limit: 99 });
  const places = Array.from({ length: 12 }, (_, sequence) => sequence);
  const down = { directivesMax: 99, bytesMax: 1e9 };
  return {
    availability: await ofEach(channels, (channel) => ofEach(skus, (sku) => reader.availability(sku, channel))),
    stocksOf: await ofEach(channels, (channel) => reader.stocksOf(skus, channel)),
    changesAfter: await ofEach(channels, (channel) => reader.changesAfter(0, 999, { channel })),
    currentRevision: await reader.currentRevision(),
    centralEpoch: await reader.centralEpoch(),
    epochBegan: await reader.epochBegan(),
    backedUpAt: await reader.backedUpAt(),
    life: await reader.life(),
    storeId: await reader.storeId(),
    warehouses: await reader.warehouses(),
    warehouse: await ofEach(warehouses, (warehouse) => reader.warehouse(warehouse)),
    positionsOf: await ofEach(warehouses, (warehouse) => reader.positionsOf(warehouse, undefined, 99)),
    suspectWarehouses: await reader.suspectWarehouses(),
    suspectSkusOf: await ofEach(warehouses, (warehouse) => reader.suspectSkusOf(warehouse, undefined, 99)),
    history: await ofPositions((warehouse, sku) => reader.history(warehouse, sku, { limit: 99 })),
    quarantined: aside,
    lateFact: await ofEach(aside, ({ id }) => reader.lateFact(id)),
    batchesAfter: await ofEach(warehouses, (warehouse) => reader.batchesAfter(warehouse, 0, 1e9)),
    hashAt: await ofEach(warehouses, (warehouse) => ofEach(places, (place) => reader.hashAt(warehouse, place))),
    snapshotOf: await ofEach(warehouses, (warehouse) => reader.snapshotOf(warehouse)),
    snapshotChunk: await ofEach(warehouses, (warehouse) => reader.snapshotChunk(warehouse, 1)),
    statesAhead: await ofEach(warehouses, (warehouse) => reader.statesAhead(warehouse, 2, '', 99)),
    stats: await reader.stats(),
    reservation: await ofEach(reservations, ({ id }) => reader.reservation(id)),
    reservations,
    order: await ofEach(orders, ({ id }) => reader.order(id)),
    orders,
    channels: await reader.channels(),
    settings: await ofEach(warehouses, (warehouse) => reader.settings(warehouse)),
    skuPolicies: await ofEach(warehouses, (warehouse) => reader.skuPolicies(warehouse, undefined, 99)),
    buffers: await ofEach(channels, (channel) => reader.buffers(channel, undefined, 99)),
    item: await ofEach(skus, (sku) => reader.item(sku)),
    items: await reader.items(undefined, 99),
    promisesAt: await ofPositions((warehouse, sku) => reader.promisesAt(warehouse, sku, 99)),
    unknownTasks: await reader.unknownTasks(undefined, 99),
    unknownTask: await ofEach(warehouses, (warehouse) => reader.unknownTask(warehouse, 'old.1')),
    promiseStats: await reader.promiseStats(),
    downHead: await ofEach(warehouses, (warehouse) => reader.downHead(warehouse)),
    downHashAt: await ofEach(warehouses, (warehouse) => ofEach(places, (place) => reader.downHashAt(warehouse, place))),
    directivesAfter: await ofEach(warehouses, async (warehouse) => {
      const head = await reader.downHead(warehouse);
      const inLog = places.filter((place) => place <= (head?.sequence ?? 0));
      return ofEach(inLog, (place) => reader.directivesAfter(warehouse, place, down));
    }),
    transfersNamed: await reader.transfersNamed('T-1'),
    transfers: await reader.transfers({ limit: 99 }),
    underWayTo: await ofPositions((warehouse, sku) => reader.underWayTo(warehouse, sku, 99)),
  };
}
