import { genesisHash } from '@edgestock/shared/protocol/chain';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { answerOf, type Fleet } from '../availability/answer.ts';
import { freshnessOf } from '../availability/warehouse-freshness.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { SkuAvailability } from '../store/central-store.ts';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { renderAnswer, renderStockPart } from './rendered-answer.ts';

const NOW = 1_795_000_000_000;
const units = fc.integer({ min: -1_000, max: 1_000 });
const time = fc.integer({ min: NOW - 40_000, max: NOW + 5_000 });
/** 0 = never. */
const timeOrNever = fc.oneof(time, fc.constant(0));

const share = fc.record({
  onHand: units,
  unsellable: units,
  reserved: units,
  committed: units,
  quota: units,
  safetyStock: units,
  granted: fc.nat(1_000),
  allocated: fc.nat(1_000),
  returned: fc.nat(1_000),
  available: fc.nat(1_000),
  atCentral: fc.constant({ returned: 0, allocatedSent: 0, held: 0 }),
  incoming: fc.nat(1_000),
  version: fc.nat(),
  sequence: fc.nat(),
  at: time,
  isSuspect: fc.boolean(),
});

const node = fc.record({
  id: fc.constantFrom('BER1', 'HAM1', 'MUC1', 'x-_9').map(warehouseOf),
  share: fc.option(share, { nil: undefined }),
  heardAt: fc.option(time, { nil: undefined }),
  nodeFence: fc.constantFrom({}, {}, { nodeFence: 'rolled back' }),
  lastDeltaAt: timeOrNever,
  appliedAt: timeOrNever,
  enrolledAt: time,
  unsettled: fc.constantFrom({}, {}, { unsettled: {} }, { unsettled: { until: 9 } }),
});

const situation = fc.uniqueArray(node, { selector: ({ id }) => id }).map((nodes) => {
  const fleet: Fleet = new Map(
    nodes.map(({ id, heardAt, nodeFence, lastDeltaAt, appliedAt, enrolledAt, unsettled }) => [
      id,
      {
        warehouse: id,
        epoch: 1,
        instance: 'instance',
        enrolledAt,
        appliedUpTo: 5,
        appliedHash: genesisHash,
        appliedAt,
        lastDeltaAt,
        knownAt: 0,
        ...unsettled,
        ...(heardAt === undefined
          ? {}
          : { heard: { at: heardAt, committed: 5, sent: 5, skewMs: 0, schemaMin: 1, schemaMax: 1, ...nodeFence } }),
      },
    ]),
  );
  const shares = nodes.flatMap(({ id, share }) => (share === undefined ? [] : [{ ...share, warehouse: id }]));
  const stock: SkuAvailability = {
    sku: skuOf('A"\\\u2603'),
    available: shares.reduce((sum, { available }) => sum + available, 0),
    buffer: 0,
    revision: 7,
    warehouses: shares,
  };
  return { fleet, stock };
});

test.prop([situation])('the rendered answer says what the answer says', ({ fleet, stock }) => {
  const answer = answerOf(stock, fleet, NOW);
  const { json, etag, cacheControl } = renderAnswer(renderStockPart(stock, DEFAULT_CHANNEL), {
    freshness: freshnessOf(fleet),
    life: 'c0ffee',
    now: NOW,
  });
  expect(JSON.parse(json)).toEqual({
    sku: answer.sku,
    channel: 'default',
    available: answer.available,
    revision: answer.revision,
    asOf: textOf(answer.asOf),
    ageMs: answer.asOf === undefined ? null : NOW - answer.asOf,
    stale: answer.stale,
    ...(answer.notCounted.length === 0 ? {} : { notCounted: answer.notCounted }),
    warehouses: answer.warehouses.map(
      ({ warehouse: id, available, onHand, incoming, version, sequence, isSuspect, ...age }) => ({
        warehouse: id,
        available,
        onHand,
        incoming,
        version,
        sequence,
        ...(isSuspect ? { isSuspect } : {}),
        asOf: textOf(age.asOf),
        lagMs: age.lagMs ?? null,
        ...(age.notCounted === undefined ? {} : { notCounted: age.notCounted }),
      }),
    ),
  });
  const notCounted = answer.notCounted.map((id) => `~${id}`).join('');
  expect(etag).toBe(`W/"${['c0ffee', '7', ...answer.stale].join('.')}${notCounted}"`);
  expect(cacheControl === 'no-cache').toBe(
    answer.available <= 5 || answer.stale.length > 0 || answer.notCounted.length > 0 || answer.asOf === undefined,
  );
});

const textOf = (asOf: number | undefined) => (asOf === undefined ? null : new Date(asOf).toISOString());
