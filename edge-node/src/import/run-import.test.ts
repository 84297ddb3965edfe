import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faults, ImportSite } from '../testing/import-site.ts';
import { sku } from '../testing/site.ts';
import type { ImportTarget } from './import-target.ts';
import { ColumnsMissing } from './read-rows.ts';

let bench: ImportSite;
beforeEach(() => {
  bench = new ImportSite();
});
afterEach(() => bench.site.dispose());

describe('a catalogue', () => {
  it('lists its items and their barcodes, lost zeros put back', async () => {
    const result = await bench.import(
      'catalogue',
      'sku,name,barcode,units\nTEA,Green tea,4006381333931,\nTEA,,37600665605,12\nCUP,"Cup,\nblue",shop-7,\n',
    );
    expect(result).toMatchObject({ outcome: 'imported', rows: 3, zerosRestored: 1 });
    const { view } = bench.site.ledger;
    expect(view.entry(sku('TEA'))?.item).toEqual({ sku: 'TEA', name: 'Green tea', isListed: true });
    expect(view.entry(sku('CUP'))?.item.name).toBe('Cup, blue');
    expect(view.barcode(['04006381333931'])).toEqual({ sku: 'TEA', barcode: '04006381333931', multiple: 1 });
    expect(view.barcode(['00037600665605'])?.multiple).toBe(12);
    expect(view.barcode(['shop-7'])?.sku).toBe('CUP');
  });

  it('closes the exceptions of its SKUs for being unknown, and no others', async () => {
    await bench.import('stock', 'sku,quantity\nTEA,1\nCUP,1\n');
    await bench.site.move('sale', [{ sku: sku('TEA'), quantity: 2 }]);
    await bench.import('catalogue', 'sku,name\nTEA,Green tea\n');
    const { view } = bench.site.ledger;
    expect(
      view
        .openExceptions(0, 10)
        .map(({ kind, sku }) => `${kind} ${sku}`)
        .sort(),
    ).toEqual(['negative-on-hand TEA', 'unknown-sku CUP']);
    const [closed] = view.resolvedExceptions(0, 10);
    expect(closed).toMatchObject({ kind: 'unknown-sku', sku: 'TEA', resolution: { by: 'catalogue' } });
  });

  it.each([
    ['names one SKU twice', 'sku,name\nA,Tea\nA,Milk', ['3 sku-twice']],
    ['gives one barcode to two SKUs', 'sku,barcode\nA,4006381333931\nB,04006381333931', ['3 barcode-twice']],
    ['gives one barcode two multiples', 'sku,barcode,units\nA,4006381333931,1\nA,4006381333931,6', ['3 barcode-twice']],
    ['has a wrong check digit', 'sku,barcode\nA,4006381333932', ['2 barcode-invalid']],
    ['has a placeholder for a barcode', 'sku,barcode\nA,000000000000', ['2 barcode-invalid']],
    ['has a barcode rounded by a spreadsheet', 'sku,barcode\nA,4.00638E+12', ['2 barcode-invalid']],
    ['has a row without SKU', 'sku,name\n,Tea', ['2 sku-missing']],
    ['has an impossible SKU', 'sku;name\n"A,B";Tea', ['2 sku-malformed']],
    ['has a row of another width', 'sku,name\nA,Tea,Green', ['2 cells-count']],
    ['has a multiple of nothing', 'sku,barcode,units\nA,4006381333931,0', ['2 multiple-invalid']],
    ['is not UTF-8', Buffer.from('sku,name\nA,Caf\xe9', 'latin1'), ['2 not-utf8']],
    ['has a SKU that is not UTF-8', Buffer.from('sku,name\nB,Tea\ncaf\xe9,Tea', 'latin1'), ['3 not-utf8']],
    [
      'lost characters before it was saved',
      'sku,name\nA\ufffd,Tea\nB,Caf\ufffd',
      ['2 characters-lost', '3 characters-lost'],
    ],
    ['has no rows', 'sku,name\n', ['1 no-rows']],
    ['breaks off in a quote', 'sku,name\nA,"Tea', ['2 csv-broken']],
  ])('that %s is refused as a whole, by line', async (_, content, expected) => {
    const result = await bench.import('catalogue', content);
    expect(faults(result)).toEqual(expected);
    expect(result.outcome).toBe('refused');
    expect(bench.site.ledger.view.page(undefined, 1).entries).toEqual([]);
  });

  it('with wrong check digits comes in without those barcodes, or with them as they are, when told so', async () => {
    const content = 'sku,barcode\nA,4006381333932\n';
    expect(await bench.import('catalogue', content, { badBarcodes: 'skip' })).toMatchObject({ badBarcodes: 1 });
    expect(bench.site.ledger.view.barcode(['4006381333932'])).toBeUndefined();
    await bench.import('catalogue', content, { badBarcodes: 'keep' });
    expect(bench.site.ledger.view.barcode(['4006381333932'])?.sku).toBe('A');
  });

  it('in Latin-1 comes in as it was meant when told so, as an import of its own', async () => {
    const content = Buffer.from('sku,name\nA,Caf\xe9 \x80', 'latin1');
    const refused = await bench.import('catalogue', content);
    expect(refused.problems[0]?.message).toContain('--encoding latin1');
    const first = await bench.import('catalogue', content, { encoding: 'latin1' });
    expect(bench.site.ledger.view.entry(sku('A'))?.item.name).toBe('Caf\xe9 \u20ac');
    const second = await bench.import('catalogue', content, { encoding: 'windows-1252' });
    expect([first.outcome, second.outcome]).toEqual(['imported', 'imported']);
    expect(second.id).not.toBe(first.id);
  });

  it('that breaks off counts the rows above the fault', async () => {
    const result = await bench.import('catalogue', 'sku,name\nA,Tea\nB,Milk\nC,"Cof');
    expect([result.rows, faults(result)]).toEqual([2, ['4 csv-broken']]);
  });

  it('wrong throughout lists a hundred lines and counts the rest', async () => {
    const result = await bench.import('catalogue', `sku,name\n${',x\n'.repeat(250)}`);
    expect([result.problems.length, result.problemCount]).toEqual([100, 250]);
  });

  it('without the columns it needs is not looked at any further', async () => {
    await expect(bench.import('catalogue', 'artikel,preis\nA,1\n')).rejects.toThrow(ColumnsMissing);
  });
});

describe('stock', () => {
  it('is counted as of the place where the import began: what is sold meanwhile stays sold', async () => {
    await bench.site.move('receive', [{ sku: sku('A'), quantity: 100 }]);
    let isSold = false;
    const result = await bench.import('stock', 'sku,quantity\nA,10\nB,5\n', {
      onProgress: ({ phase }) => {
        if (phase !== 'stage' || isSold) return;
        isSold = true;
        void bench.site.move('sale', [{ sku: sku('A'), quantity: 3 }]);
      },
    });
    expect(result).toMatchObject({ outcome: 'imported', rows: 2, unlisted: 1 });
    expect([bench.site.onHand('A'), bench.site.onHand('B')]).toEqual([7, 5]);
  });

  it('says in every movement where it came from, and opens an exception for a SKU of no catalogue', async () => {
    await bench.import('catalogue', 'sku\nA\n');
    await bench.import('stock', 'sku,quantity\nA,10\nB,5\n');
    const { view } = bench.site.ledger;
    expect(view.movementsAfter(0, 10).map(({ kind, details }) => [kind, details.reason, details.document])).toEqual([
      ['count', 'import', 'file.csv'],
      ['count', 'import', 'file.csv'],
    ]);
    expect(view.openExceptions(0, 10).map(({ kind, sku }) => [kind, sku])).toEqual([['unknown-sku', 'B']]);
  });

  it('goes to its bins and lots, in its condition, with the expiry of the lot', async () => {
    await bench.import('stock', 'sku,quantity,bin,lot,expiry,condition\nA,10,R1,L1,2027-03-31,\nA,2,,,,Damaged\n');
    expect(bench.site.ledger.view.detail(sku('A'))?.balances).toEqual([
      { bin: '', lot: '', condition: 'damaged', quantity: 2, expiry: undefined },
      { bin: 'R1', lot: 'L1', condition: 'sellable', quantity: 10, expiry: '2027-03-31' },
    ]);
  });

  it('named by barcodes counts their multiples, zeros lost or not', async () => {
    await bench.import('catalogue', 'sku,barcode,units\nTEA,037600665605,12\nCUP,shop-7,1\n');
    await bench.import('stock', 'ean,qty\n37600665605,3\nshop-7,4\n');
    expect([bench.site.onHand('TEA'), bench.site.onHand('CUP')]).toEqual([36, 4]);
  });

  it.each([
    ['a fraction', 'sku,quantity\nA,1.5', ['2 quantity-invalid']],
    ['less than nothing', 'sku,quantity\nA,-1', ['2 quantity-invalid']],
    ['no quantity', 'sku,quantity\nA,', ['2 quantity-invalid']],
    ['one place twice', 'sku,quantity,bin\nA,1,R1\nB,1,R1\nA,2,R1', ['4 counted-twice']],
    ['one SKU by itself and by its barcode', 'sku,barcode,quantity\nTEA,,1\n,037600665605,2', ['3 counted-twice']],
    ['a barcode that nobody knows', 'barcode,quantity\n4006381333931,1', ['2 barcode-unknown']],
    ['an expiry without its lot', 'sku,quantity,expiry\nA,1,2027-01-31', ['2 expiry-without-lot']],
    ['a day that is none', 'sku,quantity,lot,expiry\nA,1,L,2027-02-30', ['2 expiry-invalid']],
    ['a condition that is none', 'sku,quantity,condition\nA,1,good', ['2 condition-unknown']],
    ['nothing to tell what it is', 'sku,barcode,quantity\n,,1', ['2 sku-missing']],
    [
      'more of a SKU than a position can hold',
      `sku,quantity,bin\n${[1, 2, 3, 4, 5].map((bin) => `A,1000000000000,R${bin}`).join('\n')}\nB,1,R1`,
      ['6 quantity-out-of-range'],
    ],
    ['a quote that is never closed', 'sku,quantity\nA,1\nB,x\nC,"1\nD,1', ['3 quantity-invalid', '5 csv-broken']],
  ])('with %s is refused as a whole, by line', async (_, content, expected) => {
    await bench.import('catalogue', 'sku,barcode\nTEA,037600665605\n');
    const result = await bench.import('stock', content);
    expect(faults(result)).toEqual(expected);
    expect(bench.site.store.outbox.head().sequence).toBe(0);
    expect(bench.site.store.imports.unfinished()).toEqual([]);
  });
});

describe('a file that was imported before', () => {
  const content = 'sku,quantity\nA,10\n';

  it('changes nothing when it comes again, and counts once more when that is wanted', async () => {
    await bench.import('stock', content);
    await bench.site.move('sale', [{ sku: sku('A'), quantity: 4 }]);
    expect((await bench.import('stock', content)).outcome).toBe('unchanged');
    expect(bench.site.onHand('A')).toBe(6);
    expect((await bench.import('stock', content, { isAgain: true })).outcome).toBe('imported');
    expect(bench.site.onHand('A')).toBe(10);
  });

  it('is another import when it is read otherwise', async () => {
    await bench.import('stock', 'sku,quantity,old\nA,10,3\n');
    const result = await bench.import('stock', 'sku,quantity,old\nA,10,3\n', { columns: 'quantity=old' });
    expect([result.outcome, bench.site.onHand('A')]).toEqual(['imported', 3]);
  });
});

describe('a dry run', () => {
  it('finds what only the node knows, and changes nothing', async () => {
    const wrong = await bench.import('stock', 'barcode,quantity\n4006381333931,1\n', { isDryRun: true });
    expect(faults(wrong)).toEqual(['2 barcode-unknown']);
    expect((await bench.import('stock', 'sku,quantity\nA,1\n', { isDryRun: true })).outcome).toBe('checked');
    expect(bench.site.store.outbox.head().sequence).toBe(0);
    expect((await bench.import('stock', 'sku,quantity\nA,1\n')).outcome).toBe('imported');
    expect((await bench.import('stock', 'sku,quantity\nA,1\n', { isDryRun: true })).outcome).toBe('unchanged');
  });

  it('and an import of the same file at the same time do not touch each other', async () => {
    const content = `sku,quantity\n${Array.from({ length: 1_200 }, (_, index) => `S${index},5`).join('\n')}\n`;
    const { jobs } = bench;
    // Between its last row and taking them back, the import of the same file comes and is applied.
    const target: ImportTarget = {
      status: (id) => jobs.status(id),
      begin: (job) => jobs.begin(job),
      stage: (id, rows) => jobs.stage(id, rows),
      apply: (id, onProgress) => jobs.apply(id, onProgress),
      drop: async (id) => {
        const imported = bench.import('stock', content);
        await jobs.drop(id);
        expect(await imported).toMatchObject({ outcome: 'imported', rows: 1_200 });
      },
    };
    expect((await bench.import('stock', content, { isDryRun: true, target })).outcome).toBe('checked');
    expect([bench.site.onHand('S0'), bench.site.onHand('S1199')]).toEqual([5, 5]);
    expect(bench.site.store.imports.unfinished()).toEqual([]);
  });

  it('that ends in an error leaves nothing at the node', async () => {
    const { jobs } = bench;
    const target: ImportTarget = {
      status: (id) => jobs.status(id),
      begin: (job) => jobs.begin(job),
      stage: () => Promise.reject(new Error('the line was cut')),
      apply: (id, onProgress) => jobs.apply(id, onProgress),
      drop: (id) => jobs.drop(id),
    };
    const running = bench.import('stock', 'sku,quantity\nA,1\n', { isDryRun: true, target });
    await expect(running).rejects.toThrow('the line was cut');
    expect(bench.site.store.imports.unfinished()).toEqual([]);
  });
});
