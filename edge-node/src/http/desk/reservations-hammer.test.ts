import { Agent, request } from 'node:http';
import { availableOf, deficitOf } from '@edgestock/shared/inventory/position';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpLimits } from '../../limits.ts';
import { OpenDoors } from '../../testing/open-doors.ts';
import { type HttpService, serveHttp } from '../serve-http.ts';

const DESKS = 200;

let doors: OpenDoors;
let service: HttpService;
let agent: Agent;
beforeEach(async () => {
  doors = new OpenDoors({ clock: systemClock });
  service = await serveHttp(doors.app, { port: 0, limits: httpLimits, clock: systemClock });
  agent = new Agent({ keepAlive: true, maxSockets: DESKS });
});
afterEach(async () => {
  agent.destroy();
  await service.stop();
  doors.close();
});

type Reply = { readonly status: number; readonly code: string | undefined };

/** Over a connection of its own, so that all are really under way at once. */
function post(path: string, body: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${service.url}${path}`,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response.on('data', (bytes) => {
          text += bytes;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code }));
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

function tally(replies: readonly Reply[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status, code } of replies) {
    const name = code === undefined ? String(status) : `${status} ${code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const reserve = (index: number, lines: readonly object[]) =>
  post('/v1/reservations', { id: `R${index}`, owner: `customer ${index}`, lines });
const all = <T>(count: number, one: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => one(index)));

/** Every state that the log went through, as anybody could have seen it. */
function everyPosition() {
  return doors.site.ledger.view.movementsAfter(0, 100_000);
}

describe('200 desks at once (P3)', () => {
  test('on one unit: one has it, and 199 are told so', async () => {
    await doors.receive('TEA', 1);
    const replies = await all(DESKS, (index) => reserve(index, [{ sku: 'TEA', quantity: 1 }]));
    expect(tally(replies)).toEqual({ '201': 1, '409 insufficient': DESKS - 1 });
    expect(doors.site.position('TEA')).toMatchObject({ onHand: 1, reserved: 1 });
  });

  test('on one unit each asking in two lines for two: nobody has it', async () => {
    await doors.receive('TEA', 1);
    const lines = [
      { sku: 'TEA', quantity: 1 },
      { sku: 'TEA', quantity: 1 },
    ];
    expect(tally(await all(DESKS, (index) => reserve(index, lines)))).toEqual({ '409 insufficient': DESKS });
    expect(doors.site.position('TEA').reserved).toBe(0);
  });

  test('on two SKUs from both ends: as many have both as there are of the scarcer, and nobody has half', async () => {
    await doors.receive('TEA', 7);
    await doors.receive('MUG', 5);
    const [tea, mug] = [
      { sku: 'TEA', quantity: 1 },
      { sku: 'MUG', quantity: 1 },
    ];
    const replies = await all(DESKS, (index) => reserve(index, index % 2 === 0 ? [tea, mug] : [mug, tea]));
    expect(tally(replies)).toEqual({ '201': 5, '409 insufficient': DESKS - 5 });
    expect([doors.site.position('TEA').reserved, doors.site.position('MUG').reserved]).toEqual([5, 5]);
  });

  test('with the same request 200 times: all have the one reservation', async () => {
    await doors.receive('TEA', 5);
    const replies = await all(DESKS, () => reserve(1, [{ sku: 'TEA', quantity: 1 }]));
    expect(tally(replies)).toEqual({ '201': DESKS });
    expect(doors.site.position('TEA').reserved).toBe(1);
  });

  test('beside tills that sell the same stock: no desk ever promises a unit that is not there', async () => {
    const units = 60;
    await doors.receive('TEA', units);
    const replies = await all(DESKS, (index) =>
      index % 5 === 0
        ? post('/v1/sales', { till: 'T1', receipt: `${index}`, lines: [{ sku: 'TEA', quantity: 1 }] })
        : reserve(index, [{ sku: 'TEA', quantity: 2 }]),
    );
    const sales = Math.ceil(DESKS / 5);
    const held = doors.site.position('TEA').reserved / 2;
    expect(tally(replies)).toEqual({ '201': sales + held, '409 insufficient': DESKS - sales - held });
    for (const { kind, position } of everyPosition()) {
      if (kind === 'reserve') expect(availableOf(position)).toBeGreaterThanOrEqual(0);
    }
    const last = doors.site.position('TEA');
    expect(last.onHand).toBe(units - sales);
    // What tills took that had been promised is an exception (P4).
    const kinds = doors.site.ledger.view.openExceptions(0, 10).map(({ kind }) => kind);
    expect(kinds.includes('negative-available')).toBe(deficitOf(last) > 0);
  });

  test('to confirm, release and take the same reservation: it ends once', async () => {
    await doors.receive('TEA', 3);
    await reserve(1, [{ sku: 'TEA', quantity: 2 }]);
    const replies = await all(DESKS, (index) =>
      index % 2 === 0
        ? post('/v1/reservations/R1/confirm', {})
        : post('/v1/reservations/R1/fulfil', { till: 'T1', receipt: `${index}` }),
    );
    expect(Object.keys(tally(replies)).sort()).toEqual(['200', '409 reservation-state']);
    expect(doors.site.position('TEA')).toMatchObject({ onHand: 1, reserved: 0, committed: 0 });
  });
});
