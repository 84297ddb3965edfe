import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import { must } from '@edgestock/shared/runtime/assert';
import { pagesOf, spoilPages } from '@edgestock/shared/testing/spoil-pages';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';
import { salvageNode } from './edge-salvage.ts';
import { FormerBooks } from './former-books.ts';

const warehouse = must(parseWarehouseId('BER1'), 'an id');
const SALES = 600;

let site: TestSite;
let directory: string;
beforeEach(async () => {
  site = new TestSite();
  directory = mkdtempSync(join(tmpdir(), 'edgestock-salvaged-'));
  for (let receipt = 0; receipt < SALES; receipt += 1) {
    await site.move(
      'sale',
      [1, 2].map((line) => ({ sku: sku(`S-${line}-${receipt % 90}`), quantity: 1 })),
    );
  }
  site.store.node.adoptEpoch(1);
});
afterEach(() => {
  site.dispose();
  rmSync(directory, { recursive: true, force: true });
});

const path = () => join(site.dataDir, 'edge.sqlite');
const salvage = (owner = warehouse) =>
  salvageNode({ dataDir: site.dataDir, warehouse: owner, instance: 'f'.repeat(32), now: site.clock.now() });
const spoil = (name: string, at: readonly number[]) => {
  const pages = pagesOf(path(), name);
  spoilPages(
    path(),
    at.map((index) => must(pages.at(index), 'a page')),
  );
};

/** One bit of it is another, and it can still be read. */
function flippedReadably(delta: Buffer): Buffer {
  const flips = Array.from(delta, (byte, at) => Buffer.from(delta).fill(byte ^ 1, at, at + 1));
  return must(flips.findLast(isReadable), 'not every flipped bit is seen by the decoder');
}

function isReadable(delta: Buffer): boolean {
  try {
    decodeDelta(delta);
    return true;
  } catch {
    return false;
  }
}

describe('damaged books', () => {
  it('that do not say any more in which epoch they are keep their log, and are books that open', () => {
    site.restart(() => {
      spoil('epoch', [0]);
      expect(salvage()).toMatchObject({ movements: 2 * SALES, missing: 0 });
    });
    expect(site.store.restored).toMatchObject({ kind: 'salvaged' });
    expect(site.store.node.identity().epoch).toBe(0);
  });

  it('that lost positions keep their whole log, and go on as another installation that promises nothing', () => {
    const { instance } = site.store.node.identity();
    let damaged = Buffer.alloc(0);
    site.restart(() => {
      spoil('position', [0]);
      damaged = readFileSync(path());
      const { tables: _, findings, ...said } = salvage();
      expect(findings).not.toEqual([]);
      expect(said).toMatchObject({ movements: 2 * SALES, missing: 0, altered: 0 });
      expect(readFileSync(said.kept).equals(damaged)).toBe(true);
    });
    expect(site.store.restored).toMatchObject({ kind: 'salvaged' });
    expect(site.store.node.identity().instance).not.toBe(instance);
    site.store.recognised();
    expect(site.store.restored).toMatchObject({ kind: 'salvaged' });
    site.restart();
    expect(site.store.restored).toMatchObject({ kind: 'salvaged' });
  });

  it('sell on behind a gap in their log', async () => {
    site.restart(() => {
      spoil('movement', [2]);
      const { movements, missing } = salvage();
      expect(missing).toBeGreaterThan(0);
      expect(movements + missing).toBe(2 * SALES);
    });
    await site.move('sale', [{ sku: sku('A'), quantity: 1 }]);
    expect(site.store.outbox.head().sequence).toBe(2 * SALES + 1);
  });

  it('say before a rejoin how many of their movements are in no log, at the most', () => {
    const end = (sequence: number) => ({ sequence, hash: must(site.store.outbox.hashAt(sequence), 'a hash') });
    const [early, late, whole] = [end(1), end(2 * SALES - 1), end(2 * SALES)];
    const other = { ...late, hash: Buffer.alloc(32) };
    expect(site.store.outbox.missingBeyond(other, false)).toBe(0);
    let missing = 0;
    site.restart(() => {
      spoil('movement', [2]);
      ({ missing } = salvage());
    });
    const { outbox } = site.store;
    expect(missing).toBeGreaterThan(0);
    // By the movement at central's cursor, by central's word for the end of this log, and by neither.
    expect(outbox.missingBeyond(late, undefined)).toBe(0);
    expect(outbox.missingBeyond({ ...whole, sequence: 2 * SALES + 9 }, true)).toBe(0);
    expect(outbox.missingBeyond(early, undefined)).toBe(missing);
    expect(outbox.missingBeyond(other, false)).toBe(missing);
  });

  it('do not pass on a movement that is not what was hashed', () => {
    site.restart(() => {
      const database = new Database(path());
      const delta = must(
        database.prepare<[], Buffer>('SELECT delta FROM movement WHERE sequence = 77').pluck().get(),
        'the movement',
      );
      database.prepare('UPDATE movement SET delta = ? WHERE sequence = 77').run(flippedReadably(delta));
      database.close();
      spoil('movement_waypoint', [0]);
      expect(salvage()).toMatchObject({ altered: 1, missing: 1 });
    });
    expect(site.store.movements.hashAt(77)).toBeUndefined();
    expect(site.store.movements.hashAt(78)).toBeDefined();
  });

  it('say what they hold beyond a common place, wherever places are missing', () => {
    const hashes = new Map(site.store.movements.after(0, 5_000).map(({ sequence, hash }) => [sequence, hash]));
    site.restart(() => {
      spoil('position', [0]);
      salvage();
      const database = new Database(path());
      // Where a search by halves looks first.
      database.prepare('DELETE FROM movement WHERE sequence BETWEEN 500 AND 600 OR sequence BETWEEN 800 AND 850').run();
      database.close();
      const books = FormerBooks.open(path());
      const hashAt = (at: number) => (at > 1_000 ? Buffer.alloc(32) : hashes.get(at));
      const common = books.commonWith({ head: 1_100, begin: 0, hashAt });
      const told = [...books.commandsAfter(common)].flatMap(({ deltas }) => deltas).length;
      books.close();
      expect(common).toBe(1_000);
      expect(told).toBe(2 * SALES - 1_000);
    });
  });

  it.each([
    ['of a sound database', (): void => undefined, 'BER1', 'sound'],
    ['of another warehouse', () => spoil('position', [0]), 'HAM1', 'BER1'],
    ['of which not even the owner is left', () => spoilPages(path(), [1, 2, 3, 4, 5]), 'BER1', 'read'],
  ] as const)('%s are left as they are, with a word', (_what, harm, owner, word) => {
    site.restart(() => {
      const sound = readFileSync(path());
      harm();
      const harmed = readFileSync(path());
      const salvaging = (): unknown => salvage(must(parseWarehouseId(owner), 'an id'));
      expect(salvaging).toThrow(expect.objectContaining({ message: expect.stringContaining(word) }));
      expect(readFileSync(path()).equals(harmed)).toBe(true);
      expect(existsSync(`${path()}.salvaged`)).toBe(false);
      writeFileSync(path(), sound);
    });
  });
});
