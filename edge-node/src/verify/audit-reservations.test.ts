import { afterEach, beforeEach, expect, it } from 'vitest';
import { BooksCopy } from '../testing/books-copy.ts';
import { sku, TestSite } from '../testing/site.ts';

/** One reservation in each state: 2 units held, 3 confirmed; what the others had is gone or free. */
let site: TestSite;
let books: BooksCopy;
beforeEach(async () => {
  site = new TestSite();
  await site.move('receive', [{ sku: sku('A'), quantity: 20 }]);
  const reserve = (id: string, quantity: number, ttlMs = 60_000) => {
    const lines = [{ sku: sku('A'), quantity }];
    return site.record({ type: 'reserve', id, owner: 'Ada', ttlMs, fingerprint: id, lines });
  };
  await reserve('expired', 1, 1_000);
  await site.clock.advance(1_000);
  await site.sweeper.sweep();
  await reserve('held', 2);
  await reserve('confirmed', 3);
  await reserve('released', 1);
  await reserve('fulfilled', 1);
  await site.record({ type: 'confirm-reservation', id: 'confirmed' });
  await site.record({ type: 'release-reservation', id: 'released' });
  await site.record({ type: 'fulfil-reservation', id: 'fulfilled', document: 'T1/1' });
  books = new BooksCopy(site);
});
afterEach(() => site.dispose());

it('reservations that nobody touched agree with what is set aside', async () => {
  expect(site.position('A')).toMatchObject({ onHand: 19, reserved: 2, committed: 3 });
  expect((await books.verify()).differences).toEqual([]);
});

it.each([
  ['units of a held one', "UPDATE reservation_line SET quantity = 9 WHERE reservation = 'held'", /reserved is 2; .* 9/],
  ['units of a confirmed one', "UPDATE reservation_line SET quantity = 9 WHERE reservation = 'confirmed'", /hold 9/],
  ['the reserved units of a position', 'UPDATE position SET reserved = 5', /reserved is 5; .* hold 2/],
  ['the committed units of a position', 'UPDATE position SET committed = 0', /committed is 0; .* hold 3/],
  [
    'a state',
    "UPDATE reservation SET state = 'held' WHERE id = 'released'",
    /hold 3[\s\S]*released is held and has ended/,
  ],
  ['a state that there is not', "UPDATE reservation SET state = 'lost' WHERE id = 'held'", /held is lost, which is no/],
  ['an end', "UPDATE reservation SET ended_at = NULL WHERE id = 'expired'", /expired is expired and has not ended/],
  ['a receipt', "UPDATE reservation SET receipt = NULL WHERE id = 'fulfilled'", /is fulfilled with receipt \(none\)/],
  ['a removed line', "DELETE FROM reservation_line WHERE reservation = 'held'", /hold 0[\s\S]*held has no lines/],
  ['a removed reservation', "DELETE FROM reservation WHERE id = 'confirmed'", /confirmed has a line of A and is not/],
  ['a SKU that never moved', "UPDATE reservation_line SET sku = 'X' WHERE reservation = 'held'", /reserved is 0; .* 2/],
])('%s, altered, is found', async (_what, sql, message) => {
  books.tamper(sql);
  expect((await books.verify()).differences.map((difference) => difference.message).join('\n')).toMatch(message);
});
