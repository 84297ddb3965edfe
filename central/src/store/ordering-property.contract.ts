import { deficitOf } from '@edgestock/shared/inventory/position';
import { must } from '@edgestock/shared/runtime/assert';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { type Order, openOf } from '../rules/order.ts';
import type { PromiseCommand } from '../rules/promise-command.ts';
import { type Reservation, stateAt } from '../rules/reservation.ts';
import { linesOf } from '../testing/order-fixture.ts';
import { imbalanceOf } from '../testing/order-in-words.ts';
import type { PlayedNode } from '../testing/played-node.ts';
import { unspentOf } from './central-store.ts';
import type { OpenStore } from './contract-fixture.contract.ts';
import { OrderingWorld, PAYMENT_MS, placing, policyOf } from './ordering-world.contract.ts';

const BUFFER = 1;
const SKUS = ['A', 'B'] as const;
type Act = { readonly act: (typeof actions)[number]; readonly pick: number; readonly units: number };
const actions = [
  'place',
  'pay',
  'fail',
  'cancel',
  'rush',
  'reserve',
  'confirm',
  'release',
  'receive',
  'lose',
  'grant',
  'ship',
  'miss',
  'policy',
  'settle',
  'pass',
  'crash',
] as const;

/** A story that reaches every step there is, so that what is told of all runs does not hang on chance. */
const wholeStory: readonly Act[] = [
  { act: 'place', pick: 2, units: 4 },
  { act: 'pay', pick: 0, units: 1 },
  { act: 'settle', pick: 0, units: 1 },
  { act: 'ship', pick: 0, units: 1 },
  { act: 'miss', pick: 0, units: 1 },
  { act: 'settle', pick: 0, units: 1 },
  // More than there is: what is short waits, and is served by what comes.
  { act: 'place', pick: 2, units: 4 },
  { act: 'pay', pick: 0, units: 1 },
  { act: 'receive', pick: 0, units: 4 },
  { act: 'settle', pick: 0, units: 1 },
  { act: 'cancel', pick: 1, units: 1 },
  { act: 'settle', pick: 0, units: 1 },
  { act: 'rush', pick: 1, units: 1 },
  { act: 'settle', pick: 0, units: 1 },
];

/** Orders, reservations, quotas and nodes together: no unit is ever promised twice, lost, or promised without end. */
export function conservesUnits(open: OpenStore): void {
  // Most of all what brings orders on: else hardly a task would be picked.
  const brisk = ['place', 'place', 'pay', 'pay', 'pay', 'settle', 'settle', 'ship', 'miss', 'receive'] as const;
  const chance = fc.array(
    fc.record<Act>({
      act: fc.constantFrom(...actions, ...brisk),
      pick: fc.nat(11),
      units: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 20, maxLength: 50 },
  );
  // Half of them go on from where the story has led.
  const acts = fc.oneof(
    chance,
    chance.map((rest) => [...wholeStory, ...rest]),
  );
  it('conserves units over orders, reservations and nodes, whatever happens, and every order ends', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(acts, async (history) => {
        const world = new RandomWorld();
        await world.open(open);
        try {
          await world.begin();
          for (const act of history) {
            await world.carryOut(act);
            await world.check();
          }
          await world.end();
          for (const order of await world.orders()) for (const { step } of order.history) seen.add(step);
        } finally {
          await world.close();
        }
      }),
      { numRuns: 11, examples: [[[...wholeStory]]] },
    );
    // What was not reached was not tested.
    for (const step of ['allocated', 'shipped', 'short', 'given-back', 'backordered', 'served'])
      expect(seen).toContain(step);
  }, 60_000);
}

class RandomWorld extends OrderingWorld {
  #made = 0;

  async begin(): Promise<void> {
    const record = { channel: DEFAULT_CHANNEL, warehouses: 'all', buffer: BUFFER } as const;
    await this.promise({ command: 'set-channel', record });
    for (const stock of ['W1 A4 B2', 'W2 A3', 'W3 B4']) await this.node(stock);
  }

  orders(): Promise<readonly Order[]> {
    return this.store.orders({ limit: 1_000 });
  }

  async carryOut({ act, pick, units }: Act): Promise<void> {
    const sku = must(SKUS[pick % 2], 'a SKU');
    const node = must(this.nodes[pick % 3], 'a node');
    const lines = pick % 4 === 0 ? `A${units} B1` : `${sku}${units}`;
    switch (act) {
      case 'place': {
        const onShortage = must((['refuse', 'cancel', 'backorder'] as const)[pick % 3], 'a policy');
        this.#made += 1;
        await this.place(`o${this.#made}`, lines, { onShortage });
        break;
      }
      case 'reserve':
        this.#made += 1;
        await this.promise({
          command: 'reserve',
          id: `o${this.#made}`,
          channel: DEFAULT_CHANNEL,
          owner: 'cart',
          expiresAt: this.now + 50_000,
          ttlSeconds: 60,
          lines: linesOf(lines),
          isPartial: pick % 3 === 0,
        });
        break;
      case 'pay':
      case 'fail':
        await this.pay(act === 'pay' ? `o${this.#made}` : this.#some(pick), act === 'pay' ? 'authorised' : 'failed');
        break;
      case 'cancel':
        await this.cancel(this.#some(pick));
        break;
      case 'rush': {
        // Many at once: new orders, then something is said of them and of older ones.
        const placed = Array.from({ length: 3 }, (_, n) =>
          placing(`o${this.#made + n + 1}`, lines, { paymentDueAt: this.now + PAYMENT_MS }),
        );
        this.#made += placed.length;
        const said = Array.from({ length: 6 }, (_, n): PromiseCommand => {
          const order = `o${Math.max(1, this.#made - n)}`;
          if (n === pick % 6) return { command: 'cancel', order, reason: 'changed her mind' };
          return { command: 'pay', order, result: n === (pick + 2) % 6 ? 'failed' : 'authorised' };
        });
        await this.store.promise([...placed, ...said], this.now);
        break;
      }
      case 'confirm':
        await this.promise({ command: 'confirm', reservation: this.#some(pick) });
        break;
      case 'release':
        await this.promise({ command: 'release', reservation: this.#some(pick), reason: 'no reason' });
        break;
      case 'receive':
        node.receive(sku, units);
        break;
      case 'lose':
        node.lose(sku, Math.min(units, Math.max(0, node.quantities(sku).onHand)));
        break;
      case 'grant': {
        const { onHand, committed, quota } = node.quantities(sku);
        const granted = Math.min(units, onHand - committed - quota);
        if (granted > 0) node.grant(sku, granted);
        break;
      }
      case 'ship':
      case 'miss': {
        const task = openTask(node, pick);
        if (task === undefined) break;
        // It ships no more than it has.
        const quantity = Math.min(units, task.open, act === 'miss' ? units : node.quantities(task.sku).onHand);
        if (quantity > 0) node[act](task.id, task.sku, quantity);
        break;
      }
      case 'policy':
        // Units go back at once, or when they are freed; what comes late of a looser time is taken back too.
        await this.promise(policyOf(node.log.warehouse, must([0, 50, 100][pick % 3], 'a share')));
        break;
      case 'settle':
        await this.settle();
        await this.#checkNodes();
        break;
      case 'pass':
        this.now += pick * 10_000;
        await this.sweep();
        break;
      case 'crash':
        await this.reopen();
        break;
    }
  }

  /** What central promised adds up, whatever the nodes know of it. */
  async check(): Promise<void> {
    const orders = await this.orders();
    const reservations = await this.#reservations();
    for (const order of orders) for (const line of order.lines) expect(imbalanceOf(order, line)).toBe(0);
    for (const sku of SKUS) {
      let unspent = 0;
      for (const { log } of this.nodes) {
        const position = (await this.store.positionsOf(log.warehouse, undefined, 10)).find((one) => one.sku === sku);
        if (position === undefined) continue;
        expect(unspentOf(position)).toBeGreaterThanOrEqual(0);
        unspent += unspentOf(position);
        const holds = [...orders, ...reservations].flatMap(({ lines }) =>
          lines.filter((line) => line.sku === sku).flatMap((line) => line.holds),
        );
        const held = holds.filter(({ warehouse }) => warehouse === log.warehouse);
        expect(position.atCentral.held).toBe(held.reduce((sum, { quantity }) => sum + quantity, 0));
        const sent = tasksOf(orders, log.warehouse, sku).reduce((sum, { quantity }) => sum + quantity, 0);
        expect(position.atCentral.allocatedSent).toBe(sent);
      }
      expect(await this.available(sku)).toBe(Math.max(0, unspent - BUFFER));
    }
  }

  /** Once both logs have been heard, both sides say the same. */
  async #checkNodes(): Promise<void> {
    const orders = await this.orders();
    for (const node of this.nodes) {
      const { warehouse } = node.log;
      for (const position of await this.store.positionsOf(warehouse, undefined, 10)) {
        const { atCentral, sku } = position;
        const quantities = node.quantities(sku);
        const tasks = tasksOf(orders, warehouse, sku);
        expect(quantities).toMatchObject({
          allocated: atCentral.allocatedSent,
          returned: atCentral.returned,
          committed: tasks.reduce((sum, line) => sum + openOf(line), 0),
          quota: unspentOf(position) + atCentral.held,
        });
        expect(tasks.every(({ releasing }) => releasing === 0)).toBe(true);
        // Of missing goods nothing is promised any more, except what no other warehouse could take over.
        expect(deficitOf(quantities)).toBeLessThanOrEqual(atCentral.held);
      }
    }
  }

  /** Nobody comes any more, and no node ships; they answer what they are asked. */
  async end(): Promise<void> {
    for (const ms of [60_000, centralLimits.orderShipWithinMs, centralLimits.orderServeWithinMs]) {
      this.now += ms;
      await this.sweep();
      await this.settle();
      await this.check();
    }
    await this.#checkNodes();
    expect((await this.orders()).filter(({ state }) => state === 'firm' || state === 'placed')).toEqual([]);
    for (const { log } of this.nodes) {
      for (const { atCentral, committed } of await this.store.positionsOf(log.warehouse, undefined, 10)) {
        expect({ held: atCentral.held, committed }).toEqual({ held: 0, committed: 0 });
      }
    }
  }

  async #reservations(): Promise<readonly Reservation[]> {
    const all: Reservation[] = [];
    for (let n = 1; n <= this.#made; n += 1) {
      const reservation = await this.store.reservation(`o${n}`);
      // One whose time is over holds its units until somebody sweeps it up.
      if (reservation !== undefined && stateAt(reservation, 0) === 'held') all.push(reservation);
    }
    return all;
  }

  #some(pick: number): string {
    return `o${1 + (pick % Math.max(1, this.#made))}`;
  }
}

function tasksOf(orders: readonly Order[], warehouse: string, sku: string) {
  return orders.flatMap(({ allocations }) =>
    allocations
      .filter((allocation) => allocation.warehouse === warehouse)
      .flatMap(({ lines }) => lines.filter((line) => line.sku === sku)),
  );
}

function openTask(node: PlayedNode, pick: number) {
  const open = [...node.tasks].flatMap(([id, lines]) =>
    [...lines].flatMap(([sku, units]) => (units > 0 ? [{ id, sku, open: units }] : [])),
  );
  return open[pick % Math.max(1, open.length)];
}
