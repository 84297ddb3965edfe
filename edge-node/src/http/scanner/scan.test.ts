import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenDoors } from '../../testing/open-doors.ts';
import { sku } from '../../testing/site.ts';

const EAN = '4006381333931';
const GTIN = '04006381333931';
const LABEL = `(01)${GTIN}(17)270131(10)L7(21)S9`;

let doors: OpenDoors;
beforeEach(() => {
  doors = new OpenDoors();
  const { items } = doors.site.store;
  items.list({ sku: sku('PEN'), name: 'Pen' }, 0);
  items.setBarcode({ barcode: GTIN, sku: sku('PEN'), multiple: 1 });
  items.setBarcode({ barcode: 'CASE', sku: sku('PEN'), multiple: 12 });
});
afterEach(() => doors.close());

const scan = (barcode: string) => doors.get(`/v1/scan/${encodeURIComponent(barcode)}`);

describe('GET /v1/scan/{barcode}', () => {
  test('tells the item, what the label says, and where the units are', async () => {
    await doors.site.move('receive', [{ sku: sku('PEN'), quantity: 4, bin: 'A1', lot: 'L7', expiry: '2027-01-31' }]);
    const { status, body, headers } = await scan(LABEL);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      sku: 'PEN',
      name: 'Pen',
      listed: true,
      barcode: GTIN,
      multiple: 1,
      label: { lot: 'L7', expiry: '2027-01-31', serial: 'S9' },
      position: { onHand: 4, available: 4 },
      balances: [{ bin: 'A1', lot: 'L7', condition: 'sellable', quantity: 4, expiry: '2027-01-31' }],
    });
    expect(headers.get('etag')).toBe('"v1"');
  });

  test('reads every form of the same number', async () => {
    const link = `https://id.gs1.org/01/${GTIN}?17=270131`;
    for (const form of [EAN, GTIN, `]E0${EAN}`, link, `]C101${GTIN}10L7\u001d21S9`]) {
      expect((await scan(form)).body).toMatchObject({ sku: 'PEN' });
    }
  });

  test('knows how many units a case is, and a SKU printed as it is', async () => {
    expect((await scan('CASE')).body).toMatchObject({ sku: 'PEN', multiple: 12 });
    expect((await scan('PEN')).body).toMatchObject({ sku: 'PEN', multiple: 1 });
  });

  test('tells a code that nobody knows from one that cannot be read', async () => {
    const unknown = await scan('96385074');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'unknown-barcode']);
    const broken = await scan('(01)04006381333932(10)L7');
    expect([broken.status, broken.body.code]).toEqual([400, 'barcode-unreadable']);
  });
});

describe('a line with a barcode', () => {
  const receive = (line: object) => doors.post('/v1/movements', { kind: 'receive', lines: [line] });
  const lastMovement = async () => (await doors.get('/v1/movements')).body.movements?.at(-1);

  test('is recorded in base units, however many one scan means', async () => {
    const { body } = await receive({ barcode: 'CASE', quantity: 2 });
    expect(body.movements?.[0]).toMatchObject({ sku: 'PEN', quantity: 24 });
  });

  test('takes lot, expiry and serial from the label where the sender names none', async () => {
    await receive({ barcode: LABEL, quantity: 1 });
    expect(await lastMovement()).toMatchObject({ sku: 'PEN', lot: 'L7', expiry: '2027-01-31', serials: ['S9'] });
    await receive({ barcode: LABEL, quantity: 2, lot: 'L8' });
    const own = await lastMovement();
    expect(own).toMatchObject({ lot: 'L8' });
    expect(own).not.toHaveProperty('expiry');
    expect(own).not.toHaveProperty('serials');
  });

  test('with an expiry on its label and no lot is recorded without the expiry, not refused', async () => {
    expect((await receive({ barcode: `(01)${GTIN}(17)270131`, quantity: 1 })).status).toBe(201);
  });

  test('that no catalogue knows is recorded under its canonical text, with an exception', async () => {
    const { status, body } = await receive({ barcode: '96385074', quantity: 1 });
    expect(status).toBe(201);
    expect(body.movements?.[0]).toMatchObject({ sku: '00000096385074' });
    expect(body.exceptions?.map(({ kind }) => kind)).toContain('unknown-sku');
  });

  test('that cannot be read is a problem of that line', async () => {
    const { status, body } = await doors.post('/v1/movements', {
      kind: 'receive',
      lines: [
        { barcode: EAN, quantity: 1 },
        { barcode: '(01)04006381333932', quantity: 1 },
      ],
    });
    expect([status, body.problems?.[0]]).toMatchObject([400, { line: 1, code: 'barcode-unreadable' }]);
    expect(doors.site.onHand('PEN')).toBe(0);
  });

  test('whose case makes more units than a line may have is a problem of that line', async () => {
    const { body } = await receive({ barcode: 'CASE', quantity: 1_000_000_000_000 });
    expect(body.problems?.[0]).toMatchObject({ line: 0, code: 'quantity-invalid' });
  });
});
