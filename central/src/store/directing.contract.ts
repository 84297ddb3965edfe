import { chainHashOver, genesisHash } from '@edgestock/shared/protocol/chain';
import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { type ContractFixture, NOW } from './contract-fixture.contract.ts';

/** What nodes are told: policies and the catalogue, and the log down that carries all of it. */
export function describeDirecting(fixture: ContractFixture): void {
  const { directives, enrolled, promise } = fixture;
  const ber = warehouseOf('BER1');
  const settings = { class: 'distribution-centre', sharePercent: 100, safetyStock: 2, priority: 10 } as const;
  const item = (sku: string, warehouses: readonly string[] | 'all' = 'all', name = `name of ${sku}`) => ({
    sku: skuOf(sku),
    name,
    barcodes: [{ barcode: `4000000${sku}`, multiple: 12 }],
    warehouses: warehouses === 'all' ? warehouses : warehouses.map(warehouseOf),
  });
  const itemsTold = async (warehouse: string) =>
    (await directives(warehouse)).flatMap((directive) =>
      directive?.kind === 'catalogue-upsert' ? [directive.items.map(({ sku }) => sku)] : [],
    );

  describe('policy', () => {
    it('starts with the default, which is the first word to a new node', async () => {
      await enrolled(new NodeLog('BER1'));
      expect(await fixture.store.settings(ber)).toEqual({
        class: 'store',
        sharePercent: 50,
        safetyStock: 0,
        priority: 100,
      });
      const policy = { class: 'store', sharePercent: 50, safetyStock: 0 };
      expect(await directives('BER1')).toEqual([{ kind: 'policy', policy }]);
      await enrolled(new NodeLog('BER1'));
      expect(await directives('BER1')).toHaveLength(1);
      expect(await fixture.store.settings(warehouseOf('NONE'))).toBeUndefined();
    });

    it('is told when it changes, and only then', async () => {
      await enrolled(new NodeLog('BER1'));
      const set = () => fixture.store.promise([{ command: 'set-policy', warehouse: ber, settings }], NOW);
      expect(await set()).toEqual({ outcomes: [{ outcome: 'set' }], changes: [], directed: ['BER1'], ahead: [] });
      expect(await set()).toEqual({ outcomes: [{ outcome: 'set' }], changes: [], directed: [], ahead: [] });
      // The priority is central's own.
      await promise({ command: 'set-policy', warehouse: ber, settings: { ...settings, priority: 1 } });
      expect(await fixture.store.settings(ber)).toEqual({ ...settings, priority: 1 });
      const { priority: _, ...policy } = settings;
      expect((await directives('BER1')).slice(1)).toEqual([{ kind: 'policy', policy }]);
      const stranger = await promise({ command: 'set-policy', warehouse: warehouseOf('NONE'), settings });
      expect(stranger).toEqual({ outcome: 'unknown', what: 'warehouse', id: 'NONE' });
    });

    it('differs for some SKUs until it is lifted', async () => {
      await enrolled(new NodeLog('BER1'));
      const [a, b] = [skuOf('A'), skuOf('B')];
      const set = (...rules: { sku: typeof a; sharePercent?: number; safetyStock?: number }[]) =>
        promise({ command: 'set-sku-policy', warehouse: ber, rules });
      await set({ sku: a, sharePercent: 0 }, { sku: b, safetyStock: 3 });
      await set({ sku: a }, { sku: b, safetyStock: 3 });
      expect(await fixture.store.skuPolicies(ber, undefined, 10)).toEqual([{ sku: 'B', safetyStock: 3 }]);
      expect(await fixture.store.skuPolicies(ber, b, 10)).toEqual([]);
      expect((await directives('BER1')).slice(1)).toEqual([
        {
          kind: 'sku-policy',
          rules: [
            { sku: 'A', sharePercent: 0 },
            { sku: 'B', safetyStock: 3 },
          ],
        },
        { kind: 'sku-policy', rules: [{ sku: 'A' }] },
      ]);
    });
  });

  describe('the catalogue', () => {
    it('goes to the warehouses it concerns, once', async () => {
      await enrolled(new NodeLog('BER1'));
      await enrolled(new NodeLog('HAM1'));
      const upsert = (...items: ReturnType<typeof item>[]) => promise({ command: 'upsert-catalogue', items });
      await upsert(item('A'), item('B', ['HAM1']), item('C'));
      expect([await itemsTold('BER1'), await itemsTold('HAM1')]).toEqual([[['A', 'C']], [['A', 'B', 'C']]]);
      await upsert(item('A'), item('B', ['BER1', 'HAM1']), item('C', 'all', 'another name'));
      expect([await itemsTold('BER1'), await itemsTold('HAM1')]).toEqual([
        [
          ['A', 'C'],
          ['B', 'C'],
        ],
        [['A', 'B', 'C'], ['C']],
      ]);
      expect(await fixture.store.item(skuOf('C'))).toEqual(item('C', 'all', 'another name'));
      expect(await fixture.store.items(skuOf('A'), 1)).toEqual([item('B', ['BER1', 'HAM1'])]);
      expect(await fixture.store.item(skuOf('Z'))).toBeUndefined();
      expect(await upsert(item('D', ['NONE']))).toEqual({ outcome: 'unknown', what: 'warehouse', id: 'NONE' });
      expect(await fixture.store.item(skuOf('D'))).toBeUndefined();
    });

    it('says nothing to a warehouse that an item leaves, and all of it when the item comes back', async () => {
      await enrolled(new NodeLog('BER1'));
      await enrolled(new NodeLog('HAM1'));
      const upsert = (one: ReturnType<typeof item>) => promise({ command: 'upsert-catalogue', items: [one] });
      await upsert(item('A'));
      await upsert(item('A', ['HAM1'], 'while it is away'));
      expect([await itemsTold('BER1'), await itemsTold('HAM1')]).toEqual([[['A']], [['A'], ['A']]]);
      await upsert(item('A', ['BER1'], 'while it is away'));
      expect([await itemsTold('BER1'), await itemsTold('HAM1')]).toEqual([
        [['A'], ['A']],
        [['A'], ['A']],
      ]);
    });

    it('lets one item have a barcode: the one that named it last', async () => {
      const barcodes = [{ barcode: '04006381333931', multiple: 1 }];
      await promise({ command: 'upsert-catalogue', items: [{ ...item('A'), barcodes }] });
      await promise({ command: 'upsert-catalogue', items: [{ ...item('B'), barcodes }] });
      expect(await fixture.store.item(skuOf('A'))).toEqual({ ...item('A'), barcodes: [] });
      expect(await fixture.store.item(skuOf('B'))).toEqual({ ...item('B'), barcodes });
    });

    it('is told of an item again that lost its barcode to another one of the same request, and got it back', async () => {
      await enrolled(new NodeLog('BER1'));
      const barcodes = [{ barcode: '04006381333931', multiple: 1 }];
      await promise({ command: 'upsert-catalogue', items: [item('A'), { ...item('B'), barcodes }] });
      // Nodes take a barcode away from whoever had it, item by item.
      await promise({
        command: 'upsert-catalogue',
        items: [
          { ...item('A'), barcodes },
          { ...item('B'), barcodes },
        ],
      });
      expect(await itemsTold('BER1')).toEqual([
        ['A', 'B'],
        ['A', 'B'],
      ]);
      expect((await fixture.store.item(skuOf('A')))?.barcodes).toEqual([]);
      expect((await fixture.store.item(skuOf('B')))?.barcodes).toEqual(barcodes);
    });

    it('is whole for a warehouse that is enrolled later, in pages that fit the wire', async () => {
      await enrolled(new NodeLog('BER1'));
      const many = wireLimits.directiveLinesMax + 1;
      const items = Array.from({ length: many }, (_, index) => item(`S${1_000 + index}`, 'all', 'n'.repeat(300)));
      await promise({ command: 'upsert-catalogue', items: [...items, item('X', ['BER1'])] });
      await enrolled(new NodeLog('HAM1'));
      for (const [warehouse, expected] of [
        ['BER1', many + 1],
        ['HAM1', many],
      ] as const) {
        const pages = await itemsTold(warehouse);
        expect(pages.flat()).toHaveLength(expected);
        expect(pages.length).toBeGreaterThan(2);
      }
      const slice = await fixture.store.directivesAfter(ber, 0, { directivesMax: 100, bytesMax: 1e9 });
      for (const bytes of slice?.directives ?? []) {
        expect(bytes.length).toBeLessThanOrEqual(wireLimits.directiveBytesMax);
      }
    });
  });

  describe('the log down', () => {
    it('is a chain that is read from any place on, within bounds', async () => {
      await enrolled(new NodeLog('BER1'));
      for (const safetyStock of [1, 2, 3, 4]) {
        await promise({ command: 'set-policy', warehouse: ber, settings: { ...settings, safetyStock } });
      }
      const read = (after: number, directivesMax: number, bytesMax: number) =>
        fixture.store.directivesAfter(ber, after, { directivesMax, bytesMax });
      const all = await read(0, 100, 1e9);
      expect(all).toMatchObject({ firstSequence: 1, lastSequence: 5, hashBefore: Buffer.from(genesisHash) });
      expect(all?.hashLast).toEqual(Buffer.from(chainHashOver(genesisHash, all?.directives ?? [])));
      expect(await fixture.store.downHead(ber)).toEqual({ sequence: 5, hash: all?.hashLast, carriedOut: 0 });
      expect(await fixture.store.downHashAt(ber, 5)).toEqual(all?.hashLast);
      const page = await read(2, 2, 1e9);
      expect(page).toMatchObject({ firstSequence: 3, lastSequence: 4, directives: all?.directives.slice(2, 4) });
      expect(page?.hashBefore).toEqual(await fixture.store.downHashAt(ber, 2));
      // At least one, however large.
      expect(await read(2, 100, 1)).toMatchObject({ firstSequence: 3, lastSequence: 3 });
      expect(await read(5, 100, 1e9)).toBeUndefined();
      expect(await read(6, 100, 1e9)).toBeUndefined();
      expect(await fixture.store.downHashAt(ber, 6)).toBeUndefined();
      expect(await fixture.store.downHead(warehouseOf('NONE'))).toBeUndefined();
      expect(await fixture.store.downHashAt(warehouseOf('NONE'), 0)).toBeUndefined();
    });

    it('goes on in the next life where it ended, and knows how far it was carried out', async () => {
      await enrolled(new NodeLog('BER1'));
      await promise({ command: 'set-policy', warehouse: ber, settings });
      await fixture.store.recordCarriedOut([
        { warehouse: ber, sequence: 2 },
        { warehouse: ber, sequence: 1 },
        { warehouse: warehouseOf('NONE'), sequence: 1 },
      ]);
      const head = await fixture.store.downHead(ber);
      expect(head).toMatchObject({ sequence: 2, carriedOut: 2 });
      const next = await fixture.opened.reopen();
      expect(await next.downHead(ber)).toEqual(head);
      await next.promise([{ command: 'set-policy', warehouse: ber, settings: { ...settings, sharePercent: 1 } }], NOW);
      const all = await next.directivesAfter(ber, 0, { directivesMax: 9, bytesMax: 1e9 });
      expect(all).toMatchObject({ lastSequence: 3 });
      expect(all?.hashLast).toEqual(Buffer.from(chainHashOver(genesisHash, all?.directives ?? [])));
      // What was never written cannot have been carried out.
      await next.recordCarriedOut([{ warehouse: ber, sequence: 99 }]);
      expect(await next.downHead(ber)).toMatchObject({ sequence: 3, carriedOut: 3 });
    });

    describe('is trimmed', () => {
      const ham = warehouseOf('HAM1');
      const { directivesKeptMs, directivesMarkPeriodMs } = centralLimits;
      /** Of nodes whose logs have come as well, with the effects. */
      const carriedOut = async (...sequences: readonly (readonly [typeof ber, number])[]) => {
        const cursors = sequences.map(([warehouse, sequence]) => ({ warehouse, sequence }));
        await fixture.store.recordCarriedOut(cursors);
        await fixture.store.recordCovered(cursors);
      };
      const pages = async (...skus: readonly string[]) => {
        for (const sku of skus) await promise({ command: 'upsert-catalogue', items: [item(sku)] });
      };
      const first = async (warehouse: typeof ber, after: number) =>
        (await fixture.store.directivesAfter(warehouse, after, { directivesMax: 1, bytesMax: 1 }))?.firstSequence;

      it('behind what was carried out days ago, never beyond what was, and goes on as one chain', async () => {
        await enrolled(new NodeLog('BER1'));
        await enrolled(new NodeLog('HAM1'));
        await pages('A', 'B');
        await carriedOut([ber, 3], [ham, 1]);
        expect(await fixture.store.trimDirectives(NOW, 100)).toEqual({ trimmed: 0, isMore: false });
        await pages('C');
        await carriedOut([ber, 4]);
        const hash = await fixture.store.downHashAt(ber, 3);
        const later = NOW + directivesKeptMs;
        expect(await fixture.store.trimDirectives(later - 1, 100)).toMatchObject({ trimmed: 0 });
        // Only what had been carried out back then: C was told since.
        expect(await fixture.store.trimDirectives(later, 100)).toEqual({ trimmed: 4, isMore: false });
        expect(await fixture.store.trimDirectives(later, 100)).toEqual({ trimmed: 0, isMore: false });
        expect([await first(ber, 3), await first(ber, 2), await first(ber, 0)]).toEqual([4, undefined, undefined]);
        expect(await fixture.store.downHashAt(ber, 3)).toEqual(hash);
        expect([await fixture.store.downHashAt(ber, 2), await fixture.store.downHashAt(ber, 0)]).toEqual([
          undefined,
          undefined,
        ]);
        // The node that lags still gets the pages it shared with the other.
        const lagging = await fixture.store.directivesAfter(ham, 1, { directivesMax: 9, bytesMax: 1e9 });
        expect(lagging?.directives.map((bytes) => decodeDirective(bytes))).toMatchObject([
          { items: [{ sku: 'A' }] },
          { items: [{ sku: 'B' }] },
          { items: [{ sku: 'C' }] },
        ]);
        await pages('D');
        const rest = await fixture.store.directivesAfter(ber, 3, { directivesMax: 9, bytesMax: 1e9 });
        expect(rest?.hashLast).toEqual(Buffer.from(chainHashOver(hash ?? genesisHash, rest?.directives ?? [])));
        expect(await fixture.store.downHead(ber)).toEqual({ sequence: 5, hash: rest?.hashLast, carriedOut: 4 });
      });

      it('never beyond what the log of the node is known to hold the effects of: it may be all that is left of the node', async () => {
        await enrolled(new NodeLog('BER1'));
        await pages('A', 'B', 'C');
        await fixture.store.recordCarriedOut([{ warehouse: ber, sequence: 4 }]);
        await fixture.store.recordCovered([{ warehouse: ber, sequence: 2 }]);
        await fixture.store.trimDirectives(NOW, 100);
        expect(await fixture.store.trimDirectives(NOW + directivesKeptMs, 100)).toEqual({ trimmed: 2, isMore: false });
      });

      it('a piece at a time', async () => {
        await enrolled(new NodeLog('BER1'));
        await pages('A', 'B', 'C');
        await carriedOut([ber, 4]);
        await fixture.store.trimDirectives(NOW, 100);
        const later = NOW + directivesKeptMs + directivesMarkPeriodMs;
        const piece = () => fixture.store.trimDirectives(later, 3);
        expect([await piece(), await first(ber, 3)]).toEqual([{ trimmed: 3, isMore: true }, 4]);
        expect([await piece(), await first(ber, 4)]).toEqual([{ trimmed: 1, isMore: false }, undefined]);
        expect(await piece()).toEqual({ trimmed: 0, isMore: false });
      });
    });
  });
}
