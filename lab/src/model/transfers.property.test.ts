import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyBatch } from '@edgestock/central/ingest/verify-batch';
import { DEFAULT_CHANNEL } from '@edgestock/central/rules/channel';
import { openCentralStore } from '@edgestock/central/store/sqlite/open-central-store';
import type { Command } from '@edgestock/edge-node/ledger/command';
import type { Transfer } from '@edgestock/edge-node/rules/transfer';
import { differencesIn } from '@edgestock/edge-node/testing/differences-in';
import { sku, TestSite } from '@edgestock/edge-node/testing/site';
import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import { must } from '@edgestock/shared/runtime/assert';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const warehouses = ['BER1', 'HAM1'].map((id) => must(parseWarehouseId(id), 'a warehouse id'));
const skus = ['A', 'B'].map(sku);
const START_UNITS = 20;

const end = fc.nat(1);
const transfer = fc.nat(1);
const of = fc.constantFrom(...skus);
const units = fc.integer({ min: 1, max: 6 });
/** `at` is a node; a transfer is the `transfer`th of the other node, or of this one for what happens at its source. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('plan' as const), at: end, transfer, sku: of, units }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('ship' as const),
      at: end,
      transfer,
      other: fc.option(fc.record({ sku: of, quantity: units }), { nil: undefined }),
    }),
  },
  fc.record({ does: fc.constant('cancel' as const), at: end, transfer }),
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('receive' as const),
      at: end,
      transfer,
      sku: of,
      units,
      isDamaged: fc.boolean(),
      isLast: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('close' as const), at: end, transfer }) },
  /** Some of a node's log reaches central, perhaps again, perhaps beyond a gap. */
  { weight: 4, arbitrary: fc.record({ does: fc.constant('up' as const), at: end, back: fc.nat(6), size: units }) },
  /** Some of central's log reaches a node, the first of it perhaps again. */
  { weight: 3, arbitrary: fc.record({ does: fc.constant('down' as const), at: end, back: fc.nat(3), size: units }) },
  fc.record({ does: fc.constant('restart' as const), at: end }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Two nodes and central, each real, and a link between them that repeats, withholds and cuts. */
class World {
  readonly sites = warehouses.map((warehouse) => new TestSite({ warehouse }));
  readonly #folder = mkdtempSync(join(tmpdir(), 'edgestock-transfers-'));
  readonly central = openCentralStore(join(this.#folder, 'central.db'));

  async begin(): Promise<void> {
    for (const [index, site] of this.sites.entries()) {
      const { instance } = site.store.node.identity();
      const place = { epoch: 0, sequence: 0, hash: Buffer.from(genesisHash).toString('hex') };
      const request = { warehouse: this.#warehouse(index), instance, place, schema: [1, 2] as [number, number] };
      const enrolment = await this.central.enrol(this.#warehouse(index), request, 1);
      if (enrolment.outcome !== 'enrolled') throw new Error(`not enrolled: ${JSON.stringify(enrolment)}`);
      site.store.node.adoptEpoch(enrolment.epoch);
      await site.move(
        'receive',
        skus.map((one) => ({ sku: one, quantity: START_UNITS })),
      );
    }
  }

  async take(taken: Step): Promise<void> {
    const site = must(this.sites[taken.at], 'there are two');
    switch (taken.does) {
      case 'up':
        return this.#up(taken.at, taken);
      case 'down':
        return this.#down(taken.at, taken);
      case 'restart':
        return site.restart();
      default:
        await site.ledger.record(this.#command(taken));
    }
  }

  /** The link heals: everything reaches everybody, also what it makes them say. */
  async heal(): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      for (const at of [0, 1]) await this.#up(at, { back: 1_000_000, size: 1_000_000 });
      for (const at of [0, 1]) await this.#down(at, { back: 0, size: 1_000_000 });
    }
  }

  close(): Promise<void> {
    for (const site of this.sites) site.dispose();
    return this.central.close().then(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  #command(taken: Exclude<Step, { does: 'up' | 'down' | 'restart' }>): Command {
    const here = this.#warehouse(taken.at);
    const there = this.#warehouse(1 - taken.at);
    const outgoing = `${here}-${taken.transfer}`;
    const incoming = `${there}-${taken.transfer}`;
    switch (taken.does) {
      case 'plan': {
        const lines = [{ sku: taken.sku, quantity: taken.units }];
        return { type: 'plan-transfer', id: outgoing, to: there, lines, fingerprint: `${taken.sku} ${taken.units}` };
      }
      case 'ship': {
        const { other } = taken;
        const fingerprint = JSON.stringify(other ?? {});
        return { type: 'ship-transfer', id: outgoing, ...(other && { lines: [other] }), fingerprint };
      }
      case 'cancel':
        return { type: 'cancel-transfer', id: outgoing };
      case 'receive': {
        const condition = taken.isDamaged ? { condition: 'damaged' as const } : {};
        const lines = [{ sku: taken.sku, quantity: taken.units, ...condition }];
        return { type: 'receive-transfer', id: incoming, from: there, lines, isLast: taken.isLast };
      }
      case 'close':
        return { type: 'close-transfer', id: incoming, reason: 'shrinkage', actor: 'ana' };
    }
  }

  async #up(at: number, { back, size }: { readonly back: number; readonly size: number }): Promise<void> {
    const { store } = must(this.sites[at], 'there are two');
    const warehouse = this.#warehouse(at);
    const applied = (await this.central.warehouse(warehouse))?.appliedUpTo ?? 0;
    const head = store.node.head().sequence;
    const first = Math.max(1, applied + 1 - back);
    const last = Math.min(head, Math.max(first, applied + size), first + 400);
    if (last < first) return;
    const rows = store.movements.after(first - 1, last - first + 1);
    const hashBefore = first === 1 ? genesisHash : must(store.movements.after(first - 2, 1)[0], 'a movement').hash;
    const bytes = encodeUpBatch({
      ...store.node.identity(),
      ...{ firstSequence: first, lastSequence: last, hashBefore },
      hashLast: must(rows.at(-1), 'a movement').hash,
      ...{ schema: 2, downAck: 0, deltas: rows.map(({ delta }) => delta) },
    });
    const verified = verifyBatch(warehouse, bytes);
    if (verified.outcome === 'rejected') throw new Error(verified.fault);
    await this.central.applyBatches([verified.value], 1);
  }

  async #down(at: number, { back, size }: { readonly back: number; readonly size: number }): Promise<void> {
    const { inbox } = must(this.sites[at], 'there are two');
    const from = Math.max(0, inbox.cursor().sequence - back);
    const limits = { directivesMax: back + size, bytesMax: 1e9 };
    const slice = await this.central.directivesAfter(this.#warehouse(at), from, limits);
    if (slice === undefined) return;
    let hash = slice.hashBefore;
    const hashes = slice.directives.map((directive) => {
      hash = chainHash(hash, directive);
      return hash;
    });
    const { firstSequence, directives } = slice;
    await inbox.carryOut({ centralEpoch: await this.central.centralEpoch(), firstSequence, directives, hashes });
  }

  #warehouse(at: number): WarehouseId {
    return must(warehouses[at], 'there are two');
  }
}

function transfersOf(site: TestSite): readonly Transfer[] {
  return site.ledger.transfers.page({}, 0, 1_000).transfers;
}

/** Units of a SKU: on hand at both, and of all transfers what left, what arrived, and what was written off. */
function unitsOf(world: World, one: (typeof skus)[number]) {
  const sum = { onHand: 0, shipped: 0, arrived: 0, lost: 0 };
  for (const [index, site] of world.sites.entries()) {
    sum.onHand += site.position(one).onHand;
    for (const { from, lines } of transfersOf(site)) {
      for (const line of lines.filter(({ sku: named }) => named === one)) {
        // Each end is asked only for what it says itself.
        if (from === warehouses[index]) sum.shipped += line.shipped;
        else {
          sum.arrived += line.received + line.damaged;
          sum.lost += line.lost;
        }
      }
    }
  }
  return sum;
}

function expectConserved(world: World): void {
  for (const one of skus) {
    const { onHand, shipped, arrived, lost } = unitsOf(world, one);
    const inTransit = shipped - arrived - lost;
    expect(onHand + inTransit + lost, `${one} over both nodes`).toBe(2 * START_UNITS);
  }
}

async function expectAgreement(world: World): Promise<void> {
  const { central, sites } = world;
  const ofCentral = await central.transfers({ limit: 1_000 });
  for (const { transfer: id, from, to, lines, state } of ofCentral) {
    const byName = (some: readonly { readonly sku: string; readonly planned?: number }[]) =>
      Object.fromEntries(some.map(({ planned: _, sku: name, ...line }) => [name, line]));
    for (const [index, site] of sites.entries()) {
      const known = must(site.ledger.transfers.find(id), `${warehouses[index]} knows ${id}`);
      const touched = known.lines.filter(
        (line) => line.shipped + line.received + line.damaged + Math.abs(line.lost) > 0,
      );
      expect({ from: known.from, to: known.to, lines: byName(touched) }).toEqual({ from, to, lines: byName(lines) });
      // A plan is its source's own affair until it has left.
      if (known.state !== 'planned' && known.state !== 'cancelled') expect(known.state).toBe(state);
      if (known.closing !== undefined) expect(state).toBe('closed');
    }
  }
  const named = new Set(ofCentral.map(({ transfer: id }) => id));
  for (const known of sites.flatMap(transfersOf)) {
    if (!named.has(known.id)) expect(['planned', 'cancelled']).toContain(known.state);
  }
  for (const one of skus) {
    const { warehouses: shares, available } = await central.availability(one, DEFAULT_CHANNEL);
    expect(available).toBe(0);
    for (const [index, site] of sites.entries()) {
      const share = shares.find(({ warehouse }) => warehouse === warehouses[index]);
      const incoming = ofCentral
        .filter(({ to }) => to === warehouses[index])
        .flatMap(({ lines }) => lines.filter((line) => line.sku === one))
        .reduce((sum, line) => sum + Math.max(0, line.shipped - line.received - line.damaged - line.lost), 0);
      expect(share).toMatchObject({ onHand: site.position(one).onHand, incoming });
    }
  }
}

it('units are on hand, under way or lost, and never two of these, whatever is shipped, received, repeated, reordered or restarted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const world = new World();
      try {
        await world.begin();
        for (const one of steps) {
          await world.take(one);
          expectConserved(world);
        }
        await world.heal();
        expectConserved(world);
        await expectAgreement(world);
        for (const site of world.sites) expect(await differencesIn(site)).toEqual([]);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
