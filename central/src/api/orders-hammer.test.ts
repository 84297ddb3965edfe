import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiUnderTest } from '../testing/api-under-test.ts';

const SHOPS = 200;
/** A basket as a kit makes it: the same SKU on line after line, one unit on each. */
const KIT_LINES = 50;
const kit = Array.from({ length: KIT_LINES }, () => ({ sku: 'A', quantity: 1 }));

/** 120 units in two warehouses, neither of which has them for two baskets and a half alone. */
let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
  await central.move('BER1', { sku: 'A', quantity: 70 });
  await central.move('HAM1', { sku: 'A', quantity: 50 });
});
afterEach(() => central.stop());

type Line = {
  readonly sku: string;
  readonly ordered?: number;
  readonly held?: number;
  readonly holds: readonly { readonly quantity: number }[];
};
type Made = { readonly id: string; readonly lines: readonly Line[] };
type Told = {
  readonly status: number;
  readonly code?: string;
  readonly shortages?: readonly { readonly requested: number; readonly available: number }[];
  readonly made?: Made;
};

async function post(path: string, body: object): Promise<Told> {
  const response = await central.post(path, body);
  const { order, reservation, code, shortages } = (await response.json()) as {
    readonly order?: Made;
    readonly reservation?: Made;
    readonly code?: string;
    readonly shortages?: NonNullable<Told['shortages']>;
  };
  const made = order ?? reservation;
  return {
    status: response.status,
    ...(code === undefined ? {} : { code }),
    ...(shortages === undefined ? {} : { shortages }),
    ...(made === undefined ? {} : { made }),
  };
}

const atOnce = (callers: number, one: (index: number) => Promise<Told>) =>
  Promise.all(Array.from({ length: callers }, (_, index) => one(index)));
const made = (answers: readonly Told[]) =>
  answers.flatMap((answer) => (answer.made === undefined ? [] : [answer.made]));
const refused = (answers: readonly Told[]) => answers.filter((answer) => answer.made === undefined);
const unitsOf = ({ lines }: Made) =>
  lines.flatMap(({ holds }) => holds).reduce((sum, { quantity }) => sum + quantity, 0);
async function available(): Promise<number> {
  return ((await (await central.fetch('/v1/availability/A')).json()) as { available: number }).available;
}
/** What central keeps of it, whatever it said. */
async function heldUnits(): Promise<number> {
  const { warehouses } = (await (await central.fetch('/v1/stock/A/explain')).json()) as {
    readonly warehouses: readonly { readonly central: { readonly held: number } }[];
  };
  return warehouses.reduce((sum, warehouse) => sum + warehouse.central.held, 0);
}

describe('200 shops at once, each with a basket of 50 lines of the same SKU, over 120 units (P3)', () => {
  test('two orders get theirs, whole, and 198 a no that names the sum of their lines', async () => {
    const answers = await atOnce(SHOPS, (index) =>
      post('/v1/orders', { id: `O-${index}`, owner: `customer ${index}`, lines: kit }),
    );
    expect(made(answers)).toHaveLength(2);
    for (const order of made(answers)) {
      expect(order.lines).toMatchObject([{ sku: 'A', ordered: KIT_LINES, cancelled: 0, backordered: 0 }]);
      expect(unitsOf(order)).toBe(KIT_LINES);
    }
    expect(refused(answers)).toHaveLength(SHOPS - 2);
    for (const answer of refused(answers)) expect(answer).toMatchObject({ status: 409, code: 'insufficient' });
    // Before both were made there was more than enough for one.
    expect(new Set(refused(answers).map(({ shortages }) => JSON.stringify(shortages)))).toEqual(
      new Set([JSON.stringify([{ sku: 'A', requested: KIT_LINES, available: 20 }])]),
    );
    expect([await heldUnits(), await available()]).toEqual([100, 20]);
  });

  test('each placed three times over: the same two orders, no unit more', async () => {
    const answers = await atOnce(3 * SHOPS, (index) =>
      post('/v1/orders', { id: `O-${index % SHOPS}`, owner: 'customer', lines: kit }),
    );
    expect(new Set(made(answers).map(({ id }) => id)).size).toBe(2);
    expect(new Set(made(answers).map((order) => JSON.stringify(order))).size).toBe(2);
    expect(made(answers)).toHaveLength(6);
    expect([await heldUnits(), await available()]).toEqual([100, 20]);
  });

  test('as carts, whole ones only: two', async () => {
    const answers = await atOnce(SHOPS, (index) =>
      post('/v1/reservations', { id: `R-${index}`, owner: `cart ${index}`, lines: kit }),
    );
    expect(made(answers).map(unitsOf)).toEqual([KIT_LINES, KIT_LINES]);
    expect([await heldUnits(), await available()]).toEqual([100, 20]);
  });

  test('as carts that take a part: two whole, one with the rest, to the last unit', async () => {
    const answers = await atOnce(SHOPS, (index) =>
      post('/v1/reservations', { id: `R-${index}`, owner: `cart ${index}`, lines: kit, partial: true }),
    );
    const units = made(answers).map(unitsOf);
    expect(units.filter((quantity) => quantity > 0).sort((one, other) => one - other)).toEqual([20, 50, 50]);
    expect([await heldUnits(), await available()]).toEqual([120, 0]);
  });

  test('carts and orders beside each other, some with another SKU in between: whole ones only', async () => {
    await central.move('BER1', { sku: 'B', quantity: 1 });
    const mixed = [...kit.slice(0, 25), { sku: 'B', quantity: 1 }, ...kit.slice(25)];
    const answers = await atOnce(SHOPS, (index) =>
      post(index % 2 === 0 ? '/v1/orders' : '/v1/reservations', {
        ...{ id: `X-${index}`, owner: 'customer' },
        lines: index % 4 < 2 ? mixed : kit,
      }),
    );
    expect(made(answers)).toHaveLength(2);
    for (const { lines } of made(answers)) {
      const [a, b] = ['A', 'B'].map((sku) => lines.find((line) => line.sku === sku));
      expect(a?.holds.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(KIT_LINES);
      if (b !== undefined) expect(b.holds).toEqual([{ warehouse: 'BER1', quantity: 1 }]);
    }
    expect(await heldUnits()).toBe(100);
  });
});
