import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { UpBatch } from '@edgestock/shared/protocol/message';
import type { Recount, StateAhead, TakenOver } from '@edgestock/shared/protocol/rejoin';
import { must } from '@edgestock/shared/runtime/assert';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { writeRejoin } from '../rejoin/rejoin-file.ts';
import { takeUp } from '../rejoin/take-up.ts';
import { AdoptedBooks, REJOIN_DIRECTORY } from '../store/adopted-books.ts';
import { EdgeStore } from '../store/edge-store.ts';
import { LedgerAudit } from '../store/ledger-audit.ts';
import { verifyBooks } from '../verify/verify-books.ts';
import { TestSite } from './site.ts';

export const INSTANCE = 'the-fresh-one';
const warehouse = must(parseWarehouseId('BER1'), 'an id');

/** The life whose log central has, and the directory where a node goes on with it. */
export class RejoiningNode {
  readonly site = new TestSite();
  readonly dataDir = mkdtempSync(join(tmpdir(), 'edgestock-take-up-'));

  dispose(): void {
    this.site.dispose();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** The log of the site up to a place, in batches as they were sent. */
  *batches(upTo: number, begin = 0): Generator<UpBatch> {
    const { outbox } = this.site.store;
    for (let after = begin; after < upTo; ) {
      const slice = must(outbox.slice(after, { deltasMax: Math.min(7, upTo - after), bytesMax: 1e9 }), 'a slice');
      yield { ...outbox.identity(), epoch: 1, ...slice, schema: 2, downAck: 0 };
      after = slice.lastSequence;
    }
  }

  adopt(upTo: number): void {
    const books = this.adopted();
    for (const batch of this.batches(upTo)) books.adopt(batch);
    books.close();
  }

  /** The same where central's log begins with a snapshot of a place: the node had trimmed what came before, and central was new. */
  adoptFrom(begin: number, upTo: number): void {
    const { outbox } = this.site.store;
    outbox.setAppliedUpTo(begin);
    outbox.trim({ agedUpTo: begin, rowsMax: 1_000 });
    const books = this.adopted();
    books.adoptRows(outbox.snapshotRowsAfter('', 1_000).rows, { sequence: begin, at: 1 });
    books.beginAt({ sequence: begin, hash: must(outbox.hashAt(begin), 'a hash') });
    for (const batch of this.batches(upTo, begin)) books.adopt(batch);
    books.close();
  }

  adopted(): AdoptedBooks {
    return AdoptedBooks.open(join(this.dataDir, REJOIN_DIRECTORY), { warehouse, instance: INSTANCE, now: 1 });
  }

  /** Central has given back all up to a place, and what it knows beyond. */
  ready(
    applied: number,
    change: Partial<TakenOver> = {},
    statesAhead: readonly StateAhead[] = [],
    asked: { readonly recount?: Recount } = {},
  ): void {
    const { outbox } = this.site.store;
    const directive = outbox.carriedOutAt(applied);
    const taken: TakenOver = {
      ...{ outcome: 'taken-over', epoch: 2, applied, recount: 'moved', lost: 0, statesAhead: statesAhead.length },
      hash: Buffer.from(must(outbox.hashAt(applied), 'a hash')).toString('hex'),
      down: {
        centralEpoch: directive === 0 ? 0 : 1,
        sequence: directive,
        hash: Buffer.from(this.#hashOfDirective(directive)).toString('hex'),
      },
      window: { from: 0, to: this.site.clock.now() },
      ...change,
    };
    writeRejoin(this.dataDir, { instance: INSTANCE, sawEpoch: 1, askedAt: 1, taken, statesAhead, ...asked });
  }

  finish(): ReturnType<typeof takeUp> {
    return takeUp({ dataDir: this.dataDir, warehouse, clock: this.site.clock, random: systemRandom });
  }

  /** What the books say that is not so. */
  async verified(): Promise<readonly string[]> {
    const audit = LedgerAudit.open(this.dataDir);
    try {
      const { differences } = await verifyBooks(audit, { onProgress: () => undefined, pause: async () => undefined });
      return differences.map(({ table, sku: of, message }) => `${table} ${of}: ${message}`);
    } finally {
      audit.close();
    }
  }

  opened<T>(read: (store: EdgeStore) => T): T {
    const { dataDir, site } = this;
    const store = EdgeStore.open({ dataDir, warehouse, clock: site.clock, random: systemRandom });
    try {
      return read(store);
    } finally {
      store.close();
    }
  }

  /** Copies the books of the site as they are now to where the node goes on. */
  backUp(): void {
    const { dataDir, site } = this;
    site.restart(() => copyFileSync(join(site.dataDir, 'edge.sqlite'), join(dataDir, 'edge.sqlite')));
  }

  /** What the restored node records before it rejoins. */
  async restoredLife(work: (other: TestSite) => Promise<unknown>): Promise<void> {
    const books = join(this.dataDir, 'edge.sqlite');
    const other = new TestSite();
    other.restart(() => {
      for (const name of readdirSync(other.dataDir)) rmSync(join(other.dataDir, name));
      copyFileSync(books, join(other.dataDir, 'edge.sqlite'));
    });
    await work(other);
    other.restart(() => copyFileSync(join(other.dataDir, 'edge.sqlite'), books));
    other.dispose();
  }

  #hashOfDirective(sequence: number): Uint8Array {
    return sequence === 0 ? genesisHash : must(this.site.central.run(sequence, sequence).hashes[0], 'a hash');
  }
}
