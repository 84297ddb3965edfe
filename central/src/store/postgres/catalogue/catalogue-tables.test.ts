import { describe, expect, it } from 'vitest';
import { type Channel, DEFAULT_CHANNEL, parseChannel } from '../../../rules/channel.ts';
import type { CentralItem } from '../../../rules/promise-command.ts';
import { migratedPglite, putNode } from '../../../testing/migrated-pglite.ts';
import { skuOf, warehouseOf } from '../../../testing/node-log.ts';
import { WatchedSession } from '../../../testing/watched-session.ts';
import { PostgresBufferReader } from './buffer-table.ts';
import { PostgresCatalogueReader, PostgresCatalogueWriter } from './catalogue-table.ts';
import { PostgresChannelReader, PostgresChannelWriter } from './channel-table.ts';
import { KnownChannels } from './known-channels.ts';
import { PostgresPolicyRecallTable } from './policy-recall-table.ts';
import { PostgresPolicyReader, PostgresPolicyWriter } from './policy-table.ts';

const pg = migratedPglite();
const [A, B, C] = [skuOf('A'), skuOf('B'), skuOf('C')];
const [BER1, HAM1] = [warehouseOf('BER1'), warehouseOf('HAM1')];
const WEB = parseChannel('web') as Channel;

describe('the catalogue', () => {
  const barcode = (text: string, multiple = 1) => ({ barcode: text, multiple });
  const item = (sku: typeof A, change: Partial<CentralItem> = {}): CentralItem => ({
    ...{ sku, name: `item ${sku}`, barcodes: [], warehouses: 'all' },
    ...change,
  });
  const parts = () => [new PostgresCatalogueReader(pg.session), new PostgresCatalogueWriter(pg.session)] as const;

  it('keeps items whole: what one does not say any more is gone', async () => {
    const [reader, writer] = parts();
    const first = item(A, { barcodes: [barcode('2', 12), barcode('1')], warehouses: [BER1, HAM1] });
    await writer.put([first, item(B)]);
    expect([await reader.get(A), await reader.get(B), await reader.get(C)]).toEqual([first, item(B), undefined]);
    const { name: _, ...nameless } = item(A, { barcodes: [barcode('1')], warehouses: [HAM1, HAM1] });
    await writer.put([nameless]);
    expect(await reader.of([A, B, C])).toEqual(
      new Map([
        [A, { ...nameless, warehouses: [HAM1] }],
        [B, item(B)],
      ]),
    );
    await writer.put([item(A)]);
    expect(await reader.get(A)).toEqual(item(A));
  });

  it('gives a barcode to who names it last', async () => {
    const [reader, writer] = parts();
    await writer.put([item(A, { barcodes: [barcode('x'), barcode('y')] })]);
    await writer.put([item(B, { barcodes: [barcode('x', 6), barcode('z')] }), item(C, { barcodes: [barcode('z')] })]);
    const barcodes = async (sku: typeof A) => (await reader.get(sku))?.barcodes;
    expect([await barcodes(A), await barcodes(B), await barcodes(C)]).toEqual([
      [barcode('y')],
      [barcode('x', 6)],
      [barcode('z')],
    ]);
    await writer.put([item(C, { barcodes: [barcode('q'), barcode('q', 2)] })]);
    expect(await barcodes(C)).toEqual([barcode('q', 2)]);
  });

  it('is read page by page, in the order of SKUs', async () => {
    const [reader, writer] = parts();
    await writer.put([item(C), item(B, { warehouses: [BER1] }), item(A), item(skuOf('a'))]);
    const skus = (items: readonly { readonly sku: string }[]) => items.map(({ sku }) => sku).join('');
    expect([skus(await reader.page(undefined, 9)), skus(await reader.page(A, 2))]).toEqual(['ABCa', 'BC']);
    expect([skus(await reader.everywhere(undefined, 2)), skus(await reader.everywhere(A, 9))]).toEqual(['AC', 'Ca']);
    expect(await reader.everywhere(C, 1)).toEqual([{ sku: 'a', name: 'item a', barcodes: [] }]);
  });
});

describe('channels', () => {
  it('have warehouses and buffers, and writers read them anew when one changes', async () => {
    const [reader, writer] = [new PostgresChannelReader(pg.session), new PostgresChannelWriter(pg.session)];
    const structure = async () =>
      (await pg.session.rows<{ structure: number }>('SELECT structure FROM meta'))[0]?.structure;
    const web = { channel: WEB, warehouses: [BER1, HAM1], buffer: 3 } as const;
    expect(await reader.get(WEB)).toBeUndefined();
    const before = await structure();
    await writer.set({ ...web, warehouses: [HAM1, BER1, HAM1] });
    expect(await structure()).toBe((before ?? 0) + 1);
    expect(await reader.get(WEB)).toEqual(web);
    expect(await reader.all()).toEqual([{ channel: DEFAULT_CHANNEL, warehouses: 'all', buffer: 0 }, web]);
    await writer.set({ ...web, warehouses: 'all', buffer: 4 });
    expect(await reader.get(WEB)).toEqual({ channel: WEB, warehouses: 'all', buffer: 4 });
  });

  it('are kept at hand by a writer until they change, whoever changes them', async () => {
    const web = { channel: WEB, warehouses: 'all', buffer: 3 } as const;
    const session = new WatchedSession(pg.session);
    const known = new KnownChannels(session);
    await session.begin();
    expect([await known.get(WEB), await known.get(WEB), session.statements]).toEqual([undefined, undefined, 1]);
    // A transaction sees what it has changed itself; when it comes to nothing, what was known before holds.
    await session.begin();
    await pg.session.run('SAVEPOINT before');
    await known.set(web);
    expect(await known.get(WEB)).toEqual(web);
    await pg.session.run('ROLLBACK TO before');
    await session.begin();
    expect([await known.get(WEB), session.statements]).toEqual([undefined, 0]);
    // Another process.
    await new PostgresChannelWriter(pg.session).set(web);
    await session.begin();
    expect([await known.get(WEB), (await known.all()).length, session.statements]).toEqual([web, 2, 1]);
    await session.begin();
    expect([await known.get(WEB), session.statements]).toEqual([web, 0]);
    await known.set({ ...web, buffer: 4 });
    await session.begin();
    expect([await known.get(WEB), session.statements]).toEqual([{ ...web, buffer: 4 }, 1]);
  });

  it('keep of a SKU what is set for it, or what they keep of each', async () => {
    const [reader, writer] = [new PostgresChannelReader(pg.session), new PostgresChannelWriter(pg.session)];
    const buffers = new PostgresBufferReader(pg.session);
    await writer.set({ channel: WEB, warehouses: 'all', buffer: 3 });
    await writer.setBuffer(WEB, B, 9);
    await writer.setBuffer(WEB, A, 1);
    await writer.setBuffer(WEB, A, 0);
    expect([await buffers.of(WEB, A), await buffers.of(WEB, C), await buffers.of(DEFAULT_CHANNEL, A)]).toEqual([
      0, 3, 0,
    ]);
    expect(await buffers.of(parseChannel('none') as Channel, A)).toBe(0);
    expect(await reader.buffers(WEB, undefined, 1)).toEqual([{ sku: A, buffer: 0 }]);
    expect(await reader.buffers(WEB, A, 9)).toEqual([{ sku: B, buffer: 9 }]);
    await writer.setBuffer(WEB, A, undefined);
    expect([await buffers.of(WEB, A), await reader.buffers(WEB, undefined, 9)]).toEqual([3, [{ sku: B, buffer: 9 }]]);
  });
});

describe('policies', () => {
  it('are set for warehouses, and lifted for SKUs', async () => {
    const [reader, writer] = [new PostgresPolicyReader(pg.session), new PostgresPolicyWriter(pg.session)];
    for (const warehouse of [HAM1, BER1]) await putNode(pg.session, warehouse);
    const settings = { class: 'store', sharePercent: 50, safetyStock: 1, priority: 7 } as const;
    expect([await reader.settings(BER1), await reader.withoutSettings()]).toEqual([undefined, [BER1, HAM1]]);
    await writer.set(BER1, { ...settings, class: 'distribution-centre', priority: 1 });
    await writer.set(BER1, settings);
    expect([await reader.settings(BER1), await reader.withoutSettings()]).toEqual([settings, [HAM1]]);
    await writer.setRule(BER1, { sku: B, safetyStock: 4 });
    await writer.setRule(BER1, { sku: A, sharePercent: 0 });
    await writer.setRule(BER1, { sku: B, sharePercent: 9 });
    expect(await reader.rule(BER1, B)).toEqual({ sku: B, sharePercent: 9 });
    expect(await reader.rulesOf(BER1, [C, B])).toEqual(new Map([[B, { sku: B, sharePercent: 9 }]]));
    expect(await reader.rulesOf(HAM1, [B])).toEqual(new Map());
    expect([await reader.rule(HAM1, B), await reader.rule(BER1, C)]).toEqual([undefined, undefined]);
    expect(await reader.rules(BER1, undefined, 9)).toEqual([
      { sku: A, sharePercent: 0 },
      { sku: B, sharePercent: 9 },
    ]);
    expect([await reader.rules(BER1, undefined, 1), await reader.rules(BER1, A, 9)]).toEqual([
      [{ sku: A, sharePercent: 0 }],
      [{ sku: B, sharePercent: 9 }],
    ]);
    await writer.setRule(BER1, { sku: B });
    expect(await reader.rules(BER1, A, 9)).toEqual([]);
  });

  it('are taken back where warehouses are settled, the first one first', async () => {
    const table = new PostgresPolicyRecallTable(pg.session);
    const recall = (warehouse: typeof BER1, after: typeof A | '' = '') => ({
      ...{ warehouse, before: { sharePercent: 50, safetyStock: 1 }, after },
    });
    expect([await table.first(), await table.get(BER1)]).toEqual([undefined, undefined]);
    await table.put(recall(HAM1));
    await table.put(recall(BER1));
    await table.put(recall(BER1, A));
    expect([await table.first(), await table.get(HAM1)]).toEqual([recall(BER1, A), recall(HAM1)]);
    await pg.session.run("INSERT INTO unsettled (warehouse) VALUES ('BER1')");
    expect([await table.first(), await table.get(BER1)]).toEqual([recall(HAM1), recall(BER1, A)]);
    await table.end(HAM1);
    expect(await table.first()).toBeUndefined();
  });
});
