import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { encodeDelta } from '@edgestock/shared/protocol/codec';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { stockOf } from './central-store.ts';
import { type ContractFixture, NOW } from './contract-fixture.contract.ts';

/** What can be asked, of what there is and of what there is not. */
export function describeReading(fixture: ContractFixture): void {
  const { apply, available, enrolled } = fixture;

  describe('reading', () => {
    it('answers zero for what nobody has ever seen', async () => {
      expect(await fixture.store.availability(skuOf('nowhere'), DEFAULT_CHANNEL)).toEqual({
        sku: 'nowhere',
        available: 0,
        buffer: 0,
        revision: 0,
        warehouses: [],
      });
      expect(await fixture.store.currentRevision()).toBe(0);
      expect(await fixture.store.changesAfter(0, 10)).toEqual([]);
      expect(await fixture.store.warehouse(warehouseOf('NONE'))).toBeUndefined();
      expect(await fixture.store.history(warehouseOf('NONE'), skuOf('A'), { limit: 5 })).toEqual([]);
      expect(await fixture.store.positionsOf(warehouseOf('NONE'), undefined, 5)).toEqual([]);
    });

    it('answers many SKUs in the order asked, each as if asked alone', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 1);
      log.record('a', 2);
      await apply(log, 1, 2);
      const skus = ['nowhere', 'a', 'A', 'a'].map(skuOf);
      const stocks = await fixture.store.stocksOf(skus, DEFAULT_CHANNEL);
      expect(stocks.map(({ available: units }) => units)).toEqual([0, 2, 1, 2]);
      const alone = await Promise.all(skus.map((sku) => fixture.store.availability(sku, DEFAULT_CHANNEL)));
      expect(stocks).toEqual(alone.map(stockOf));
    });

    it('lists changes after a revision, each SKU once at its latest, so that paging on misses nothing', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      for (const sku of ['A', 'B', 'C']) log.record(sku, 1);
      await apply(log, 1, 3);
      log.record('A', 1);
      await apply(log, 4, 4);
      const seen: string[] = [];
      let revision = 0;
      for (;;) {
        const page = await fixture.store.changesAfter(revision, 2);
        if (page.length === 0) break;
        for (const change of page) seen.push(`${change.sku}=${change.available}`);
        revision = page.at(-1)?.revision ?? 0;
      }
      expect(seen).toEqual(['B=1', 'C=1', 'A=2']);
      expect(revision).toBe(await fixture.store.currentRevision());
      const filtered = await fixture.store.changesAfter(0, 10, { skus: [skuOf('A'), skuOf('C'), skuOf('nowhere')] });
      expect(filtered.map(({ sku }) => sku)).toEqual(['C', 'A']);
    });

    it('pages through the positions of one warehouse in SKU order', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      const other = await enrolled(new NodeLog('HAM1'));
      for (const sku of ['c', 'A', 'b', 'B']) log.record(sku, 1);
      other.record('Z', 1);
      await fixture.store.applyBatches([log.verified(1, 4), other.verified(1, 1)], NOW);
      const first = await fixture.store.positionsOf(log.warehouse, undefined, 3);
      expect(first.map(({ sku }) => sku)).toEqual(['A', 'B', 'b']);
      const rest = await fixture.store.positionsOf(log.warehouse, first.at(-1)?.sku, 3);
      expect(rest.map(({ sku }) => sku)).toEqual(['c']);
    });

    it('walks the history of a position through the batches, latest first, page by page', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      for (let index = 0; index < 12; index += 1) log.record(index % 3 === 0 ? 'A' : 'B', index + 1);
      await apply(log, 1, 5);
      await apply(log, 4, 9);
      await apply(log, 10, 12);
      const all = await fixture.store.history(log.warehouse, skuOf('A'), { limit: 10 });
      expect(all.map(({ sequence }) => sequence)).toEqual([10, 7, 4, 1]);
      expect(all.map((entry) => (entry.kind === 'movement' ? entry.delta.quantity : undefined))).toEqual([10, 7, 4, 1]);
      const page = await fixture.store.history(log.warehouse, skuOf('A'), { limit: 2, before: 10 });
      expect(page.map(({ sequence }) => sequence)).toEqual([7, 4]);
      const within = await fixture.store.history(log.warehouse, skuOf('A'), { limit: 2, before: 6 });
      expect(within.map(({ sequence }) => sequence)).toEqual([4, 1]);
    });

    it('shows a movement it cannot read as bytes, and ends there', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 1);
      log.append(Buffer.from([0xc1]));
      log.append(
        encodeDelta({
          kind: 1,
          sku: skuOf('A'),
          quantity: 1,
          version: 3,
          previous: 2,
          state: { ...emptyQuantities, onHand: 3 },
          at: 1,
          line: 0,
          details: {},
        }),
      );
      await apply(log, 1, 3);
      const history = await fixture.store.history(log.warehouse, skuOf('A'), { limit: 10 });
      expect(history.map(({ kind, sequence }) => [kind, sequence])).toEqual([
        ['movement', 3],
        ['opaque', 2],
      ]);
    });

    it('sees on another connection what was committed on the first', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 5);
      await apply(log, 1, 1);
      expect(await available('A', fixture.opened.reader)).toBe(5);
      log.record('A', -2);
      await apply(log, 2, 2);
      expect(await available('A', fixture.opened.reader)).toBe(3);
      expect(await fixture.opened.reader.warehouses()).toEqual(await fixture.store.warehouses());
      expect(await fixture.opened.reader.stats()).toMatchObject({ warehouses: 1, batches: 2, quarantined: 0 });
    });
  });

  describe('heartbeats', () => {
    const heard = (at: number, committed: number) => ({
      warehouse: warehouseOf('BER1'),
      at,
      committed,
      sent: committed,
      skewMs: 3,
      schemaMin: 1,
      schemaMax: 1,
    });

    it('are kept, the last of a node whatever its time, and say up to when it is known', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 1);
      await apply(log, 1, 1);
      await fixture.store.recordHeard([heard(NOW + 1, 1)]);
      await fixture.store.recordHeard([heard(NOW + 2, 5)]);
      const { warehouse: _, ...last } = heard(NOW + 2, 5);
      // The cursor has not reached 5, so the one before is the last that proved anything.
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({ heard: last, knownAt: NOW + 1 });
      // Central's clock was set back: what is heard now was heard now, and nothing before it was heard after it.
      await fixture.store.recordHeard([heard(NOW + 3, 1), heard(NOW - 9, 5)]);
      const { warehouse: __, ...latest } = heard(NOW - 9, 5);
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({ heard: latest, knownAt: NOW - 9 });
    });

    it('are not from the future, nor is anything else that says how old a warehouse is', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 1);
      await apply(log, 1, 1, NOW + 50);
      await fixture.store.recordHeard([heard(NOW + 60, 1)]);
      await fixture.store.recordHeard([heard(NOW + 70, 9)]);
      const before = await fixture.store.warehouse(log.warehouse);
      await fixture.store.clampTimes(NOW + 70);
      expect(await fixture.store.warehouse(log.warehouse)).toEqual(before);
      await fixture.store.clampTimes(NOW - 100);
      expect(await fixture.store.warehouse(log.warehouse)).toMatchObject({
        enrolledAt: NOW - 100,
        appliedAt: NOW - 100,
        knownAt: NOW - 100,
        heard: { at: NOW - 100, committed: 9 },
      });
    });

    it('that never came do not come of a clock that was set back', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      await fixture.store.clampTimes(NOW - 100);
      const record = await fixture.store.warehouse(log.warehouse);
      expect(record).toMatchObject({ appliedAt: 0, knownAt: 0 });
      expect(record).not.toHaveProperty('heard');
    });

    it('keep what a node says of its own fence, and prove nothing meanwhile', async () => {
      const log = await enrolled(new NodeLog('BER1'));
      log.record('A', 1);
      await apply(log, 1, 1);
      await fixture.store.recordHeard([heard(NOW + 1, 1)]);
      await fixture.store.recordHeard([{ ...heard(NOW + 2, 0), nodeFence: 'rolled back' }]);
      await fixture.store.recordHeard([{ ...heard(NOW + 3, 0), nodeFence: 'rolled back' }]);
      const fenced = await fixture.store.warehouse(log.warehouse);
      expect(fenced).toMatchObject({ heard: { at: NOW + 3, nodeFence: 'rolled back' }, knownAt: NOW + 1 });
      await fixture.store.recordHeard([heard(NOW + 4, 1)]);
      const lifted = await fixture.store.warehouse(log.warehouse);
      expect(lifted?.heard).not.toHaveProperty('nodeFence');
      expect(lifted?.knownAt).toBe(NOW + 1);
    });

    it('of strangers are ignored', async () => {
      await fixture.store.recordHeard([heard(NOW, 1)]);
      expect(await fixture.store.warehouses()).toEqual([]);
    });
  });

  it('keeps unreadable bytes once', async () => {
    const item = {
      warehouse: warehouseOf('BER1'),
      reason: 'opaque',
      detail: 'CRC',
      bytes: Buffer.from('x'),
    } as const;
    await fixture.store.quarantine(item, NOW);
    await fixture.store.quarantine(item, NOW + 1);
    expect(await fixture.store.quarantined({ limit: 10 })).toMatchObject([{ ...item, at: NOW }]);
    expect(await fixture.store.quarantined({ warehouse: warehouseOf('HAM1'), limit: 10 })).toEqual([]);
  });

  it('has everything again in its next life', async () => {
    const log = await enrolled(new NodeLog('BER1'));
    log.record('A', 5);
    await apply(log, 1, 1);
    const [before, revision] = [await fixture.store.warehouses(), await fixture.store.currentRevision()];
    const next = await fixture.opened.reopen();
    expect(await next.warehouses()).toEqual(before);
    expect(await available('A', next)).toBe(5);
    expect(await next.currentRevision()).toBe(revision);
    const { outcomes } = await next.applyBatches([log.verified(1, 1)], NOW);
    expect(outcomes).toMatchObject([{ outcome: 'duplicate' }]);
  });
}
