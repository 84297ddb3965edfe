import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recount, StateAhead } from '@edgestock/shared/protocol/rejoin';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REJOIN_DIRECTORY } from '../store/adopted-books.ts';
import { INSTANCE, RejoiningNode } from '../testing/rejoining-node.ts';
import { sku, type TestSite } from '../testing/site.ts';
import { readRejoin } from './rejoin-file.ts';

const lines = (quantity: number, name = 'A') => [{ sku: sku(name), quantity }];

/** The life whose log central has. */
let site: TestSite;
/** Where the node goes on. */
let node: RejoiningNode;
let dataDir: string;
beforeEach(() => {
  node = new RejoiningNode();
  ({ site, dataDir } = node);
});
afterEach(() => node.dispose());

const key = (till: string, receipt: string) =>
  ({ scope: 'sale', key: `${till}\n${receipt}`, fingerprint: 'f' }) as const;

describe('a take-up that fails or is cut off', () => {
  /** As on a full disk, which takes the log of the new books and not what is in it: another reader keeps it beside them. */
  function failBehindTheTelling(): void {
    const reader = new Database(join(dataDir, REJOIN_DIRECTORY, 'edge.sqlite'));
    reader.prepare('SELECT count(*) FROM movement').get();
    expect(() => node.finish()).toThrow('is it full?');
    reader.close();
  }

  it('tells what was sold in the former books after a take-up that failed behind the telling', async () => {
    await site.move('receive', lines(40));
    node.backUp();
    await site.move('sale', lines(5));
    const applied = site.store.outbox.head().sequence;
    node.adopt(applied);
    node.ready(applied);
    failBehindTheTelling();
    await node.restoredLife((other) => other.move('sale', lines(7), { document: 'T1/3', idempotency: key('T1', '3') }));
    // The log is taken back anew, while the former books go on.
    expect(node.finish()).toBeUndefined();
    expect(readRejoin(dataDir)).toEqual({
      instance: INSTANCE,
      sawEpoch: 1,
      askedAt: 1,
      taken: readRejoin(dataDir)?.taken,
    });
    node.adopt(applied);
    node.ready(applied);
    expect(node.finish()).toMatchObject({ epoch: 2, told: 1 });
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      expect(store.shelves.position(sku('A'))?.onHand).toBe(40 - 5 - 7);
      expect(store.idempotency.find(key('T1', '3'))).toMatchObject({ movementCount: 1 });
    });
  });

  it('does not give the new books their name before all of them is in the file', async () => {
    await site.move('receive', lines(40));
    node.backUp();
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife((other) => other.move('sale', lines(2)));
    node.adopt(applied);
    node.ready(applied);
    failBehindTheTelling();
    expect(node.opened((store) => store.shelves.position(sku('A'))?.onHand)).toBe(38);
    expect(node.finish()).toMatchObject({ epoch: 2, told: 1 });
    expect(await node.verified()).toEqual([]);
    expect(node.opened((store) => [store.node.identity().epoch, store.shelves.position(sku('A'))?.onHand])).toEqual([
      2, 38,
    ]);
  });

  it('is ended where a crash came between the name that the former books get and the one of the new ones', async () => {
    await site.move('receive', lines(40));
    node.backUp();
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife((other) => other.move('sale', lines(2)));
    node.adopt(applied);
    node.ready(applied);
    failBehindTheTelling();
    renameSync(join(dataDir, 'edge.sqlite'), join(dataDir, 'edge.sqlite.before-epoch-2'));
    expect(node.finish()).toMatchObject({ epoch: 2, told: 1 });
    expect(await node.verified()).toEqual([]);
    expect(node.opened((store) => store.shelves.position(sku('A'))?.onHand)).toBe(38);
  });

  it('keeps every one of the former books, also those of another life that was of the same number', async () => {
    await site.move('receive', lines(4));
    node.backUp();
    const applied = site.store.outbox.head().sequence;
    const kept = join(dataDir, 'edge.sqlite.before-epoch-2');
    writeFileSync(kept, 'the only ones that know of it');
    node.adopt(applied);
    node.ready(applied);
    expect(node.finish()).toMatchObject({ former: `${kept}-2` });
    expect(readFileSync(kept, 'utf8')).toBe('the only ones that know of it');
  });
});

describe('what only the former books know', () => {
  it('records a movement that looks like one of the common history', async () => {
    await site.move('receive', lines(40));
    const same = { occurredAt: 1_700_000_000_000, reason: 'damaged' } as const;
    await site.move('scrap', lines(1), same);
    node.backUp();
    await site.move('sale', lines(5));
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife((other) => other.move('scrap', lines(1), same));
    node.adopt(applied);
    node.ready(applied);
    node.finish();
    expect(await node.verified()).toEqual([]);
    expect(node.opened((store) => store.shelves.position(sku('A'))?.onHand)).toBe(40 - 1 - 5 - 1);
  });

  it.each([
    ['of the same contents', 'f'],
    ['of other contents', 'g'],
  ])('records a receipt, %s, whose number the till had used before the node forgot it', async (_what, fingerprint) => {
    await site.move('receive', lines(40));
    await site.move('sale', lines(1), { document: 'T1/1', idempotency: key('T1', '1') });
    node.backUp();
    await site.move('sale', lines(5));
    const applied = site.store.outbox.head().sequence;
    const books = new Database(join(dataDir, 'edge.sqlite'));
    // Trimmed, with the keys of what was trimmed.
    books.exec('UPDATE node SET checkpoint_sequence = sequence, checkpoint_hash = hash');
    books.exec('DELETE FROM movement; DELETE FROM idempotency');
    books.close();
    await node.restoredLife((other) =>
      other.move('sale', lines(2), { document: 'T1/1', idempotency: { ...key('T1', '1'), fingerprint } }),
    );
    node.adopt(applied);
    node.ready(applied);
    node.finish();
    expect(await node.verified()).toEqual([]);
    node.opened((store) => {
      expect(store.shelves.position(sku('A'))?.onHand).toBe(40 - 1 - 5 - 2);
      expect(store.idempotency.find(key('T1', '1'))).toMatchObject({ fingerprint });
    });
  });

  it('forgets the receipts that the former books had trimmed, and knows a number that was used again by its last use', async () => {
    await site.move('receive', lines(40));
    await site.move('sale', lines(1), { document: 'T1/1', idempotency: key('T1', '1') });
    await site.move('sale', lines(1), { document: 'T1/2', idempotency: key('T1', '2') });
    const trimmed = site.store.outbox.head().sequence;
    node.backUp();
    const books = new Database(join(dataDir, 'edge.sqlite'));
    books.exec('UPDATE node SET checkpoint_sequence = sequence, checkpoint_hash = hash');
    books.exec('DELETE FROM movement; DELETE FROM idempotency');
    books.close();
    // The life that ended had forgotten it, too, and used the number again.
    site.restart(() => {
      const own = new Database(join(site.dataDir, 'edge.sqlite'));
      own.exec('DELETE FROM idempotency');
      own.close();
    });
    await site.move('receive', lines(1));
    await site.move('sale', lines(3), { document: 'T1/2', idempotency: key('T1', '2') });
    const applied = site.store.outbox.head().sequence;
    node.adopt(applied);
    node.ready(applied);
    node.finish();
    node.opened(({ idempotency }) => {
      expect(idempotency.find(key('T1', '1'))).toBeUndefined();
      expect(idempotency.find(key('T1', '2'))).toMatchObject({ firstSequence: trimmed + 2 });
    });
  });

  it('does not record a receipt again that a till sent once more when its key could not be salvaged', async () => {
    await site.move('receive', lines(40));
    await site.move('sale', lines(5), { document: 'T1/2', idempotency: key('T1', '2') });
    const applied = site.store.outbox.head().sequence;
    node.backUp();
    const books = new Database(join(dataDir, 'edge.sqlite'));
    books.exec('DELETE FROM idempotency');
    books.close();
    await node.restoredLife((other) => other.move('sale', lines(5), { document: 'T1/2', idempotency: key('T1', '2') }));
    node.adopt(applied);
    node.ready(applied);
    expect(node.finish()).toMatchObject({ told: 0 });
    expect(await node.verified()).toEqual([]);
    expect(node.opened((store) => store.shelves.position(sku('A'))?.onHand)).toBe(35);
  });

  it('tells goods that the lost life has under the same receipt as others', async () => {
    await site.move('receive', [...lines(40), ...lines(40, 'B')]);
    node.backUp();
    await site.move('sale', lines(5), { document: 'T1/2', idempotency: key('T1', '2') });
    const applied = site.store.outbox.head().sequence;
    await node.restoredLife((other) =>
      other.move('sale', lines(3, 'B'), { document: 'T1/2', idempotency: key('T1', '2') }),
    );
    node.adopt(applied);
    node.ready(applied);
    expect(node.finish()).toMatchObject({ told: 1 });
    expect(await node.verified()).toEqual([]);
    expect(node.opened((store) => store.shelves.position(sku('B'))?.onHand)).toBe(37);
  });
});

describe('books whose log has a gap that central knows nothing of', () => {
  async function rejoined(asked: { readonly recount?: Recount } = {}, isTorn = true): Promise<void> {
    await site.move('receive', lines(40));
    const applied = site.store.outbox.head().sequence;
    // Without a link.
    for (let sale = 0; sale < 4; sale += 1) await site.move('sale', lines(5));
    node.backUp();
    if (isTorn) {
      const books = new Database(join(dataDir, 'edge.sqlite'));
      books.prepare('DELETE FROM movement WHERE sequence BETWEEN ? AND ?').run(applied + 2, applied + 3);
      books.close();
    }
    node.adopt(applied);
    node.ready(applied, {}, [], asked);
    node.finish();
    expect(await node.verified()).toEqual([]);
  }
  const after = () =>
    node.opened((store) => ({
      onHand: store.shelves.position(sku('A'))?.onHand,
      lost: store.node.rejoined()?.lost,
      isUncounted: store.documents.isUncounted(sku('A')),
    }));

  it('say how much of it is lost, and have everything counted before more of it is promised', async () => {
    await rejoined();
    expect(after()).toEqual({ onHand: 30, lost: 2, isUncounted: true });
  });

  it('are counted as the operator has said', async () => {
    await rejoined({ recount: 'none' });
    expect(after()).toEqual({ onHand: 30, lost: 2, isUncounted: false });
  });

  it('have nothing counted where no place is missing', async () => {
    await rejoined({}, false);
    expect(after()).toEqual({ onHand: 20, lost: 0, isUncounted: false });
  });
});

describe('salvaged books whose log has a gap', () => {
  /** Central has `applied` of `recorded`; what of them is torn out of the books; what was sold on them since. */
  type Torn = {
    readonly recorded: number;
    readonly applied: number;
    readonly torn: readonly [from: number, upTo: number];
    readonly acknowledged?: number;
    readonly since?: number;
    /** The heartbeat before the disk died told of so many that never came. */
    readonly heardBeyond?: number;
    /** Central has another history there. */
    readonly isOther?: boolean;
  };

  async function rejoined({ recorded, applied, torn, acknowledged = 0, since = 0, heardBeyond = 0, isOther }: Torn) {
    await site.move('receive', lines(100));
    if (isOther === true) node.backUp();
    const record = async (of: TestSite) => {
      for (let sale = 1; sale < recorded; sale += 1) await of.move('sale', lines(1));
    };
    await record(site);
    if (isOther === true) {
      await node.restoredLife(async (other) => {
        other.clock.stepWall(5_000);
        await record(other);
      });
    } else node.backUp();
    const books = new Database(join(dataDir, 'edge.sqlite'));
    books.prepare('DELETE FROM movement WHERE sequence BETWEEN ? AND ?').run(...torn);
    books.prepare("UPDATE node SET restored = 'salvaged', restored_at = 1, applied_up_to = ?").run(acknowledged);
    books.close();
    if (since > 0) {
      await node.restoredLife(async (other) => {
        other.clock.stepWall(5_000);
        for (let sale = 0; sale < since; sale += 1) await other.move('sale', lines(1));
      });
    }
    node.adopt(applied);
    node.ready(applied, { lost: heardBeyond, recount: heardBeyond > 0 ? 'all' : 'moved' });
    node.finish();
    expect(await node.verified()).toEqual([]);
    return node.opened((store) => {
      const { lost, recount } = store.node.rejoined() ?? {};
      const isUncounted = store.documents.isUncounted(sku('A'));
      return { lost, recount, isUncounted, onHand: store.shelves.position(sku('A'))?.onHand };
    });
  }
  const counted = { recount: 'all', isUncounted: true };
  const uncounted = { recount: 'moved', isUncounted: false };

  it.each<[string, Torn, object]>([
    [
      'have lost nothing that central has: by their end, with not one movement left',
      { recorded: 39, applied: 39, torn: [1, 39] },
      { lost: 0, ...uncounted, onHand: 62 },
    ],
    [
      'whatever movements are left in front of the gap',
      { recorded: 39, applied: 39, torn: [10, 39] },
      { lost: 0, ...uncounted },
    ],
    [
      'by the first movement after what central has, which was sold since',
      { recorded: 39, applied: 39, torn: [1, 39], since: 2 },
      { lost: 0, ...uncounted, onHand: 60 },
    ],
    [
      'have lost what was recorded after what central has, and all that central gave back is not',
      { recorded: 39, applied: 33, torn: [1, 39], acknowledged: 33, since: 2 },
      { lost: 6, ...counted, onHand: 66 },
    ],
    [
      'have lost it all, as far as anybody can tell, where not even the node had heard of what central has',
      { recorded: 39, applied: 33, torn: [1, 39] },
      { lost: 39, ...counted },
    ],
    [
      'have lost what they lack behind the common place, and not what they lack before it',
      { recorded: 39, applied: 20, torn: [5, 19] },
      { lost: 0, ...uncounted, onHand: 62 },
    ],
    [
      'have lost what the last heartbeat told of beyond what came, although they lack nothing else',
      { recorded: 39, applied: 39, torn: [1, 39], heardBeyond: 4 },
      { lost: 4, ...counted },
    ],
    [
      'have lost all that is torn where central has other movements at these places, whatever it had acknowledged',
      { recorded: 39, applied: 39, torn: [2, 39], acknowledged: 39, isOther: true },
      { lost: 38, ...counted },
    ],
  ])('%s', async (_what, torn, expected) => {
    expect(await rejoined(torn)).toMatchObject(expected);
  });
});

describe('a state that was told ahead of the log', () => {
  /** As the life that ends here has told it of itself. */
  function toldState(of: TestSite): StateAhead {
    const { onHand, unsellable, granted, version, sequence } = of.position('A');
    return { sku: 'A', onHand, unsellable, granted, ledToBy: { sequence, version, at: of.clock.now() } };
  }
  const onHand = () => node.opened((store) => store.shelves.position(sku('A'))?.onHand);

  it('is not taken as well as the movements that led to it, where the former books hold them', async () => {
    await site.move('receive', lines(40));
    const applied = site.store.outbox.head().sequence;
    await site.move('sale', lines(5), { document: 'T1/2', idempotency: key('T1', '2') });
    const told = toldState(site);
    await site.move('sale', lines(2));
    node.backUp();
    node.adopt(applied);
    node.ready(applied, { statesAhead: 1 }, [told]);
    expect(node.finish()).toMatchObject({ told: 2 });
    expect(await node.verified()).toEqual([]);
    expect(onHand()).toBe(33);
  });

  it('makes up for movements that could not be salvaged', async () => {
    await site.move('receive', lines(40));
    const applied = site.store.outbox.head().sequence;
    await site.move('sale', lines(5));
    await site.move('sale', lines(2));
    const told = toldState(site);
    node.backUp();
    const books = new Database(join(dataDir, 'edge.sqlite'));
    books.prepare('DELETE FROM movement WHERE sequence = ?').run(applied + 1);
    books.close();
    node.adopt(applied);
    node.ready(applied, { statesAhead: 1 }, [told]);
    node.finish();
    expect(await node.verified()).toEqual([]);
    expect(onHand()).toBe(33);
  });

  it('is of goods that only the lost life moved, where the former books say something else at its place', async () => {
    await site.move('receive', lines(40));
    const applied = site.store.outbox.head().sequence;
    node.backUp();
    await site.move('sale', lines(5));
    const told = toldState(site);
    await node.restoredLife((other) => {
      other.clock.stepWall(5_000);
      return other.move('sale', lines(5));
    });
    node.adopt(applied);
    node.ready(applied, { statesAhead: 1 }, [told]);
    node.finish();
    expect(await node.verified()).toEqual([]);
    expect(onHand()).toBe(30);
  });
});
