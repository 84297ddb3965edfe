import type { Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';
import { MovementStore } from './movement-store.ts';

const SKUS = ['A', 'B', 'C', 'D', 'E'].map(sku);
const SALES = 400;

/** A log of several waypoints: A moves often, E once in a while, NEVER does not. */
let site: TestSite;
beforeEach(async () => {
  site = new TestSite();
  for (let sale = 0; sale < SALES; sale += 4) {
    const lines = [sale, sale + 1, sale + 2, sale + 3].map((number) => ({ sku: skuOf(number), quantity: 1 }));
    await site.move('sale', lines);
  }
});
afterEach(() => site.dispose());

function skuOf(number: number): Sku {
  if (number % 97 === 0) return sku('E');
  return must(SKUS[number % 10 < 6 ? 0 : number % 4], 'a SKU');
}

type Question = (movements: MovementStore, sku: Sku, place: number) => readonly number[];
const questions: Readonly<Record<string, Question>> = {
  'the last ones up to a place': (movements, one, place) => movements.ofSku(one, place, 7).map(sequenceOf),
  'all of them after a place': (movements, one, place) => movements.ofSkuSince(one, place).map(sequenceOf),
  'the next one after a place': (movements, one, place) =>
    [movements.nextOfSku(one, place)].flatMap((row) => row ?? []).map(sequenceOf),
};
const sequenceOf = ({ sequence }: { readonly sequence: number }) => sequence;

/** By looking through the log. */
function looked(rows: readonly { readonly sequence: number; readonly sku: Sku }[]): Readonly<Record<string, Question>> {
  const of = (one: Sku) => rows.filter((row) => row.sku === one).map(sequenceOf);
  return {
    'the last ones up to a place': (_, one, place) =>
      of(one)
        .filter((sequence) => sequence <= place)
        .reverse()
        .slice(0, 7),
    'all of them after a place': (_, one, place) => of(one).filter((sequence) => sequence > place),
    'the next one after a place': (_, one, place) =>
      of(one)
        .filter((sequence) => sequence > place)
        .slice(0, 1),
  };
}

function expectAsInTheLog(): void {
  const { movements } = site.store;
  const due = looked(movements.after(0, 5_000));
  for (const [what, question] of Object.entries(questions)) {
    for (const one of [...SKUS, sku('NEVER')]) {
      for (const place of [0, 1, 60, 61, 62, 121, 122, 200, 243, 244, 311, 399, 400, 401, 9_999]) {
        expect(question(movements, one, place), `${what}, ${one}, ${place}`).toEqual(
          due[what]?.(movements, one, place),
        );
      }
    }
  }
}

describe("a SKU's movements", () => {
  it('are those that the log has, from any place', () => {
    expect(site.store.outbox.head().sequence).toBe(SALES);
    expectAsInTheLog();
  });

  it('begin where the log was trimmed', () => {
    site.store.outbox.setAppliedUpTo(SALES);
    site.store.outbox.trim({ agedUpTo: 300, rowsMax: 1_000 });
    expect(site.store.outbox.firstSequence()).toBe(301);
    expectAsInTheLog();
    site.store.outbox.trim({ agedUpTo: SALES, rowsMax: 1_000 });
    expectAsInTheLog();
  });

  it('are a few steps from any place, also of what is only ever sold in pairs', async () => {
    const [first, second] = [sku('FIRST'), sku('SECOND')];
    for (let sale = 0; sale < 200; sale += 1) {
      await site.move(
        'sale',
        [first, second].map((one) => ({ sku: one, quantity: 1 })),
      );
    }
    for (const one of [first, second]) {
      let asked = 0;
      const database = new Database(`${site.dataDir}/edge.sqlite`, { readonly: true });
      const prepare = (sql: string) => {
        const statement = database.prepare(sql);
        const get = statement.get.bind(statement);
        return Object.assign(statement, {
          get: (...parameters: unknown[]) => {
            asked += 1;
            return get(...parameters);
          },
        });
      };
      const movements = new MovementStore(Object.assign(Object.create(database), { prepare }));
      expect(movements.ofSku(one, SALES + 2, 1)).toHaveLength(1);
      database.close();
      expect(asked).toBeLessThan(2 * 61);
    }
  });

  it('are known in the commit that records them, before their positions are written', async () => {
    const [before] = site.store.movements.ofSku(sku('B'), SALES, 1);
    const [sold, counted] = await Promise.all([
      site.move('sale', [{ sku: sku('B'), quantity: 5 }]),
      site.record({
        type: 'count',
        lines: [{ sku: sku('B'), counted: 100, atSequence: must(before, 'B moved').sequence }],
      }),
    ]);
    expect([sold.movements[0]?.sequence, counted.movements[0]?.sequence]).toEqual([SALES + 1, SALES + 2]);
    // What was sold after the count is not there any more.
    expect(site.onHand('B')).toBe(95);
  });

  it.each(['salvaged', 'rolled-back'])('are found in a salvaged log that is %s now, whatever it lacks', (restored) => {
    site.restart(() => {
      const database = new Database(`${site.dataDir}/edge.sqlite`);
      database.exec(`
        DELETE FROM movement WHERE sequence IN (61, 122, 396, 397) OR sequence BETWEEN 180 AND 230;
        DELETE FROM position WHERE sku IN ('A', 'C');
        UPDATE node SET restored = '${restored}', restored_at = 1;`);
      database.close();
    });
    expectAsInTheLog();
  });

  it('are found behind a position that a salvaged log has begun anew', async () => {
    site.restart(() => {
      const database = new Database(`${site.dataDir}/edge.sqlite`);
      database.exec("DELETE FROM position WHERE sku = 'A'; UPDATE node SET restored = 'salvaged', restored_at = 1;");
      database.close();
    });
    await site.move('sale', [{ sku: sku('A'), quantity: 1 }]);
    expectAsInTheLog();
  });
});
