import { DEFAULT_CHANNEL } from '@edgestock/central/rules/channel';
import { FedStore } from '@edgestock/central/testing/fed-store';
import { NodeLog, skuOf } from '@edgestock/central/testing/node-log';
import { TestSite } from '@edgestock/edge-node/testing/site';
import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import { must } from '@edgestock/shared/runtime/assert';
import { fingerprintOf } from '@edgestock/shared/runtime/idempotency-key';
import { afterEach, describe, expect, it } from 'vitest';
import { statementsOf } from '../testing/statement-count.ts';
import { OPENING_UNITS, skuAt } from './load/goods.ts';

/**
 * What the paths that must be fast cost, in figures that are the same on every machine: statements and bytes. Times are the
 * business of `npm run bench`. Each bound is what was counted when it was set, rounded up: whoever needs more has to say so here.
 */
const SALES_TOGETHER = 64;
const BATCH = 500;
const NOW = 1_800_000_000_000;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

describe('a sale at a node', () => {
  const ringUp = (site: TestSite, first: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => {
        const receipt = `R-${first + index}`;
        return site.ledger.record({
          type: 'record',
          kind: 'sale',
          document: `T1/${receipt}`,
          occurredAt: site.clock.now() - 1_500,
          idempotency: { scope: 'sale', key: `T1\n${receipt}`, fingerprint: fingerprintOf('sale', { receipt }) },
          lines: [{ sku: skuOf(skuAt(first + index)), quantity: 1 }],
        });
      }),
    );
  const stocked = async (): Promise<TestSite> => {
    const site = new TestSite();
    ends.push(() => site.dispose());
    const lines = Array.from({ length: BATCH }, (_, index) => ({ sku: skuOf(skuAt(index)), quantity: OPENING_UNITS }));
    await site.move('receive', lines);
    return site;
  };

  it('takes 6 statements when many share a commit, and 10 when it is alone', async () => {
    const site = await stocked();
    const together = await statementsOf(() => ringUp(site, 0, SALES_TOGETHER));
    expect(together / SALES_TOGETHER).toBeLessThanOrEqual(6.1);
    expect(await statementsOf(() => ringUp(site, SALES_TOGETHER, 1))).toBeLessThanOrEqual(10);
  });

  it('takes 60 bytes of a full batch', async () => {
    const site = await stocked();
    const { sequence: first } = site.store.outbox.head();
    await ringUp(site, 0, BATCH);
    const limits = { deltasMax: BATCH, bytesMax: Number.MAX_SAFE_INTEGER };
    const slice = must(site.store.outbox.slice(first, limits), 'what was sold is to be sent');
    const bytes = encodeUpBatch({
      ...site.store.outbox.identity(),
      epoch: 1,
      ...slice,
      schema: SCHEMA_MAX,
      downAck: 0,
    });
    expect(bytes.length / BATCH).toBeLessThanOrEqual(60);
  });
});

describe('at central', () => {
  const stocked = async (): Promise<{ readonly central: FedStore; readonly log: NodeLog }> => {
    const central = new FedStore();
    ends.push(() => central.close());
    const log = new NodeLog('BER1');
    await central.store.enrol(log.warehouse, log.enrolRequest(), NOW);
    for (let index = 0; index < BATCH - 1; index += 1) log.stock(skuAt(index), OPENING_UNITS);
    log.grant(skuAt(0), OPENING_UNITS / 2);
    await central.store.applyBatches([log.verified(1, log.head)], NOW);
    return { central, log };
  };

  it('a delta takes 3 statements: what is known of the position, what it is now, and the answer', async () => {
    const { central, log } = await stocked();
    const first = log.head + 1;
    for (let index = 0; index < BATCH; index += 1) log.record(skuAt(index), -1);
    const batch = log.verified(first, log.head);
    const statements = await statementsOf(() => central.store.applyBatches([batch], NOW));
    expect(statements / BATCH).toBeLessThanOrEqual(3.1);
  });

  it('a hundred deltas of one position take what one takes', async () => {
    const { central, log } = await stocked();
    const apply = (deltas: number) => {
      const first = log.head + 1;
      for (let index = 0; index < deltas; index += 1) log.record(skuAt(7), -1);
      const batch = log.verified(first, log.head);
      return statementsOf(() => central.store.applyBatches([batch], NOW));
    };
    expect(await apply(100)).toBe(await apply(1));
  });

  it('a reservation takes 5 statements when many of a SKU share a commit, and an answer one', async () => {
    const { central } = await stocked();
    const sku = skuOf(skuAt(0));
    const reserve = (id: string) =>
      ({
        command: 'reserve',
        id,
        channel: DEFAULT_CHANNEL,
        owner: 'cart',
        expiresAt: NOW + 60_000,
        ttlSeconds: 60,
        isPartial: false,
        lines: [{ sku, quantity: 1 }],
      }) as const;
    const commands = Array.from({ length: SALES_TOGETHER }, (_, index) => reserve(`R-${index}`));
    const statements = await statementsOf(() => central.store.promise(commands, NOW));
    expect(statements / SALES_TOGETHER).toBeLessThanOrEqual(5.3);
    expect(await statementsOf(() => central.reader.availability(sku, DEFAULT_CHANNEL))).toBeLessThanOrEqual(1);
  });
});
