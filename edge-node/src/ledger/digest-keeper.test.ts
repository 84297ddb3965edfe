import { PositionDigest } from '@edgestock/shared/inventory/position-digest';
import { silentLog } from '@edgestock/shared/runtime/log';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';
import { DigestKeeper } from './digest-keeper.ts';

let site: TestSite;
let keeper: DigestKeeper;

beforeEach(() => {
  site = new TestSite();
});
afterEach(async () => {
  await keeper.stop();
  site.dispose();
});

function open(): DigestKeeper {
  const { ledger, store } = site;
  return new DigestKeeper({ warehouse: store.outbox.identity().warehouse, ledger, store, log: silentLog });
}

/** Of what is in the database. */
function stored(): Uint8Array {
  const digest = new PositionDigest(site.store.outbox.identity().warehouse);
  for (const row of site.store.shelves.page('', 10_000)) digest.add(row.sku, row.position);
  return digest.bytes();
}

async function received(quantity: number, ...skus: readonly string[]): Promise<void> {
  await site.move(
    'receive',
    skus.map((text) => ({ sku: sku(text), quantity })),
  );
}

const head = () => site.store.outbox.head().sequence;

test('is counted up beside the tills, and carried along with every commit from then on', async () => {
  await received(5, ...Array.from({ length: 600 }, (_, number) => `SKU-${number}`));
  keeper = open();
  expect(keeper.at(head())).toBeUndefined();
  // In the middle of it, on both sides of what is counted.
  await new Promise((resolve) => setImmediate(resolve));
  await received(1, 'SKU-0');
  await received(1, 'SKU-999');
  await expect.poll(() => keeper.at(head())).toEqual(stored());
  await received(2, 'SKU-5');
  await received(2, 'another');
  expect(keeper.at(head())).toEqual(stored());
  expect(keeper.at(head() - 1)).toBeUndefined();
});
