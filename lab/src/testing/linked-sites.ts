import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyBatch } from '@edgestock/central/ingest/verify-batch';
import { openCentralStore } from '@edgestock/central/store/sqlite/open-central-store';
import { TestSite } from '@edgestock/edge-node/testing/site';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import { must } from '@edgestock/shared/runtime/assert';

/** Ledgers of nodes and a central store, each real, and a link between them that repeats, withholds and cuts. */
export class LinkedSites {
  readonly sites: readonly TestSite[];
  readonly #warehouses: readonly WarehouseId[];
  readonly #start: { readonly skus: readonly Sku[]; readonly units: number };
  readonly #folder = mkdtempSync(join(tmpdir(), 'edgestock-linked-'));
  readonly central = openCentralStore(join(this.#folder, 'central.db'));

  constructor(options: {
    readonly warehouses: readonly WarehouseId[];
    readonly skus: readonly Sku[];
    readonly units: number;
  }) {
    this.#warehouses = options.warehouses;
    this.#start = options;
    this.sites = options.warehouses.map((warehouse) => new TestSite({ warehouse }));
  }

  /** Every node is enrolled and has as many units of each SKU. */
  async begin(): Promise<void> {
    for (const [index, site] of this.sites.entries()) {
      const { instance } = site.store.node.identity();
      const place = { epoch: 0, sequence: 0, hash: Buffer.from(genesisHash).toString('hex') };
      const request = { warehouse: this.warehouse(index), instance, place, schema: [1, 2] as [number, number] };
      const enrolment = await this.central.enrol(this.warehouse(index), request, 1);
      if (enrolment.outcome !== 'enrolled') throw new Error(`not enrolled: ${JSON.stringify(enrolment)}`);
      site.store.node.adoptEpoch(enrolment.epoch);
      await site.move(
        'receive',
        this.#start.skus.map((sku) => ({ sku, quantity: this.#start.units })),
      );
    }
  }

  /** The link heals: everything reaches everybody, also what it makes them say. */
  async heal(): Promise<void> {
    for (let round = 0; round < 4; round += 1) {
      for (const at of this.sites.keys()) await this.up(at, { back: 1_000_000, size: 1_000_000 });
      for (const at of this.sites.keys()) await this.down(at, { back: 0, size: 1_000_000 });
    }
  }

  close(): Promise<void> {
    for (const site of this.sites) site.dispose();
    return this.central.close().then(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Some of a node's log reaches central, perhaps again, perhaps beyond a gap. */
  async up(at: number, { back, size }: { readonly back: number; readonly size: number }): Promise<void> {
    const { store } = this.site(at);
    const warehouse = this.warehouse(at);
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

  /** Some of central's log reaches a node, the first of it perhaps again. */
  async down(at: number, { back, size }: { readonly back: number; readonly size: number }): Promise<void> {
    const { inbox } = this.site(at);
    const from = Math.max(0, inbox.cursor().sequence - back);
    const limits = { directivesMax: back + size, bytesMax: 1e9 };
    const slice = await this.central.directivesAfter(this.warehouse(at), from, limits);
    if (slice === undefined) return;
    let hash = slice.hashBefore;
    const hashes = slice.directives.map((directive) => {
      hash = chainHash(hash, directive);
      return hash;
    });
    const { firstSequence, directives } = slice;
    await inbox.carryOut({ centralEpoch: await this.central.centralEpoch(), firstSequence, directives, hashes });
  }

  site(at: number): TestSite {
    return must(this.sites[at], 'a site');
  }

  warehouse(at: number): WarehouseId {
    return must(this.#warehouses[at], 'a warehouse');
  }
}
