import { NodeLog, skuOf } from '@edgestock/central/testing/node-log';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must } from '@edgestock/shared/runtime/assert';
import { expect, it } from 'vitest';
import { QuotaAudit } from './quota-audit.ts';

const sku = skuOf('A');
const half = { sharePercent: 50, safetyStock: 0 };
const policy: Directive = { kind: 'policy', policy: { class: 'store', ...half } };
const rule: Directive = { kind: 'sku-policy', rules: [{ sku, sharePercent: 50 }] };

/** Twenty are there. `heard`: where the node stands in the log down. */
function audited(heard: number) {
  const [audit, log] = [new QuotaAudit(), new NodeLog('BER1')];
  const directives: Uint8Array[] = [];
  const record = (sequence: number) =>
    audit.record(decodeDelta(must(log.deltas[sequence - 1], 'a delta')), {
      sequence,
      heard: { centralEpoch: 1, sequence: heard },
    });
  const lookIn = (centralEpoch: number, newsAt: number, told: readonly Directive[]) => {
    const firstSequence = directives.length + 1;
    directives.push(...told.map(encodeDirective));
    const hash = new Uint8Array();
    const slice = { firstSequence, lastSequence: directives.length, hashBefore: hash, hashLast: hash };
    const directivesAfter = async (_: unknown, after: number) => ({ ...slice, directives: directives.slice(after) });
    return audit.look(
      { directivesAfter },
      {
        ...{ warehouse: log.warehouse, centralEpoch },
        positions: [{ sku, sequence: newsAt }],
      },
    );
  };
  const look = (newsAt: number, ...told: Directive[]) => lookIn(1, newsAt, told);
  /** Central was put back, and begins another log. */
  const begin = (centralEpoch: number, ...told: Directive[]) => {
    directives.length = 0;
    return lookIn(centralEpoch, 0, told);
  };
  record(log.stock('A', 20));
  return { audit, log, record, look, begin };
}

it('allows the target of the last grant, and later ones, but not earlier ones', async () => {
  const { audit, log, record, look } = audited(1);
  await look(1, policy);
  record(log.record('A', -8, { state: { ...emptyQuantities, onHand: 12 } }));
  expect(audit.most(sku, half)).toBe(10);
  record(log.grant('A', 6));
  expect([audit.most(sku, half), audit.most(sku, { sharePercent: 25, safetyStock: 4 })]).toEqual([6, 2]);
  record(log.stock('A', 8));
  expect(audit.most(sku, half)).toBe(10);
});

it.each([
  ['a policy', policy],
  ['a rule', rule],
])('goes back to the news that central had when it made %s which the grant did not know', async (_what, told) => {
  const { audit, log, record, look } = audited(0);
  await look(1);
  record(log.record('A', -10, { state: { ...emptyQuantities, onHand: 10 } }));
  record(log.grant('A', 5));
  expect(audit.most(sku, half)).toBe(5);
  await look(3, told);
  expect(audit.most(sku, half)).toBe(10);
  // Nothing says that this one knew it.
  record(log.grant('A', 0));
  expect(audit.most(sku, half)).toBe(10);
});

it('forgets with a central that was put back when anything was granted, and what its rules were', async () => {
  const { audit, log, record, look, begin } = audited(9);
  await look(1, policy, rule);
  record(log.record('A', -10, { state: { ...emptyQuantities, onHand: 10 } }));
  record(log.grant('A', 5));
  expect(audit.most(sku, half)).toBe(5);
  await begin(2, policy);
  expect(audit.most(sku, half)).toBe(Number.POSITIVE_INFINITY);
  await begin(3, policy, rule);
  expect(audit.most(sku, half)).toBe(10);
  // It was decided on the word of another life of central.
  record(log.grant('A', 0));
  expect(audit.most(sku, half)).toBe(10);
});
