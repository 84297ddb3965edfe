import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { allAnswers } from '../../testing/all-answers.ts';
import { type FullStore, fillStore, KEYED } from '../../testing/full-store.ts';
import { PgliteDatabase } from '../../testing/pglite-database.ts';
import { copyOfStore } from '../../testing/postgres-copy.ts';
import { NOW, reserve } from '../contract-fixture.contract.ts';
import { PostgresCentralStore } from '../postgres/central-store.ts';
import { migrate } from '../postgres/migrate.ts';
import { migrations } from '../postgres/migrations.ts';
import { PostgresMoveEnd } from '../postgres/move/postgres-move-end.ts';
import { standingIn } from '../postgres/move/standing.ts';
import { movedTables } from '../sqlite/move/moved-tables.ts';
import { SqliteMoveEnd } from '../sqlite/move/sqlite-move-end.ts';
import { openCentralStore } from '../sqlite/open-central-store.ts';
import { StoreMoved } from '../store-moved.ts';
import type { MoveEnd } from './move-ends.ts';
import { MoveDiffers, moveStore } from './move-store.ts';
import { undoMove } from './undo-move.ts';

let pglite: PgliteDatabase;
let emptied: () => Promise<void>;
let directory: string;
let full: FullStore;
const file = (name = 'central') => join(directory, name, 'central.db');

beforeAll(async () => {
  pglite = await PgliteDatabase.open();
  await migrate(pglite, migrations);
  emptied = await copyOfStore(pglite);
}, 60_000);
afterAll(() => pglite.close());

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-move-'));
  const made = [file(), file('elsewhere')].map((path) => SqliteMoveEnd.open(path, movedTables, { isMade: true }));
  for (const end of made) await end.close();
  const store = openCentralStore(file());
  const elsewhere = openCentralStore(file('elsewhere'));
  full = await fillStore(store, elsewhere);
  await Promise.all([store.close(), elsewhere.close()]);
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await emptied();
});

const server = () => new PostgresMoveEnd(pglite.shared(), movedTables);
const serverStore = () => new PostgresCentralStore(pglite.shared(), { clock: systemClock, random: systemRandom });
const fileEnd = (name?: string) => SqliteMoveEnd.open(file(name), movedTables, { isMade: true });

async function move(source: MoveEnd, target: MoveEnd, id = 'move-1') {
  try {
    return await moveStore({ source, target, tables: movedTables, id, from: 'the source', to: 'the target' });
  } finally {
    await source.close();
    await target.close();
  }
}
const answersOfFile = async (name?: string) => {
  const store = openCentralStore(file(name));
  try {
    return await allAnswers(store);
  } finally {
    await store.close();
  }
};
const refusalOf = (open: () => unknown): unknown => {
  try {
    open();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a store that is moved', () => {
  it('has something of everything before', async () => {
    const { tables } = await move(fileEnd(), server());
    expect(tables.filter(({ rows }) => rows === 0)).toEqual([]);
  });

  it('answers every question in the other engine as before, and back again', async () => {
    const before = await answersOfFile();
    await move(fileEnd(), server());
    expect(plain(await allAnswers(serverStore()))).toEqual(plain(before));
    await move(server(), fileEnd('back'), 'move-2');
    expect(plain(await answersOfFile('back'))).toEqual(plain(before));
  });

  it.each(['postgresql', 'sqlite'] as const)('goes on where it was: %s', async (kind) => {
    await move(fileEnd(), server());
    if (kind === 'sqlite') await move(server(), fileEnd('back'), 'move-2');
    const store = kind === 'sqlite' ? openCentralStore(file('back')) : serverStore();
    for (const log of full.going) {
      const { appliedUpTo = 0 } = (await store.warehouse(log.warehouse)) ?? {};
      const { outcomes } = await store.applyBatches([log.verified(appliedUpTo + 1, log.head)], NOW + 9);
      expect(outcomes).toMatchObject([{ outcome: 'applied' }]);
    }
    const { outcomes } = await store.promise([KEYED], NOW + 9);
    expect(outcomes).toMatchObject([{ ...full.keyedOutcome, isReplay: true }]);
    const fresh = await store.promise([reserve('fresh', { A: 1 })], NOW + 9);
    expect(fresh.outcomes).toMatchObject([{ outcome: 'reserved' }]);
    if (kind === 'sqlite') await store.close();
  });

  it('is refused where it was, with where it is', async () => {
    await move(fileEnd(), server());
    expect(refusalOf(() => openCentralStore(file()))).toMatchObject({
      name: 'StoreMoved',
      message: 'the store was moved to the target',
    });
    await move(server(), fileEnd('back'), 'move-2');
    await expect(serverStore().promise([KEYED], NOW)).rejects.toBeInstanceOf(StoreMoved);
  });

  it('is not moved twice, and the same move again changes nothing', async () => {
    await move(fileEnd(), server());
    expect(await move(fileEnd(), server())).toEqual({ outcome: 'ended', tables: [] });
    await expect(move(fileEnd(), fileEnd('third'), 'move-2')).rejects.toThrow(
      'the source was moved to the target before',
    );
  });

  it('is not moved over another one', async () => {
    const store = openCentralStore(file('elsewhere'));
    await store.close();
    await move(fileEnd('elsewhere'), server(), 'move-0');
    await expect(move(fileEnd(), server())).rejects.toThrow('holds a store that is in use');
    expect(await answersOfFile()).toBeDefined();
  });

  it('is in use as before when what arrived is not what left', async () => {
    const target = server();
    const spoilt = wrapped(target, {
      settle: () => pglite.reads.run("UPDATE position SET held = held + 1 WHERE sku = 'A'"),
    });
    await expect(move(fileEnd(), spoilt)).rejects.toThrow(/what arrived is not what left: position \(/);
    const short = wrapped(server(), {
      settle: () => pglite.reads.run("DELETE FROM order_step WHERE order_id = 'firm'"),
    });
    await expect(move(fileEnd(), short)).rejects.toBeInstanceOf(MoveDiffers);
    expect(await answersOfFile()).toBeDefined();
    expect(await standingIn(pglite.reads)).toMatchObject({ state: 'arriving' });
  });
});

describe('a move that is cut off', () => {
  it.each(['to the server', 'to the file'] as const)(
    'anywhere leaves one store to run on at most, and is ended by the same: %s',
    async (way) => {
      if (way === 'to the file') await move(fileEnd(), server(), 'move-0');
      const ends = () =>
        (way === 'to the server' ? [fileEnd(), server()] : [server(), fileEnd('back')]) as [MoveEnd, MoveEnd];
      const usable = async (id: string) => {
        const [source, target] = ends();
        const [from, to] = [await source.standing(), await target.standing()];
        await Promise.all([source.close(), target.close()]);
        return [from.state === 'here', to.state === 'here' && to.id === id];
      };
      const seen: string[] = [];
      let calls = 0;
      let isOver = false;
      while (!isOver && calls < 2 * movedTables.length) {
        calls += 1;
        const [source, target] = dyingAt(calls, ...ends());
        isOver = await move(source, target, `move-${calls}`).then(
          () => true,
          () => false,
        );
        if (!isOver) seen.push((await usable(`move-${calls}`)).join());
      }
      expect(isOver).toBe(true);
      // Before each table, and then: neither of both between the mark in the one and the opening of the other.
      expect(calls).toBeGreaterThan(movedTables.length);
      const [last, ...earlier] = seen.reverse();
      expect(new Set(earlier)).toEqual(new Set(['true,false']));
      expect(last).toBe('false,false');
      expect(await usable(`move-${calls - 1}`)).toEqual([false, true]);
    },
    60_000,
  );
});

describe('a move that is undone', () => {
  it('gives the old store back in another epoch, and closes the new one', async () => {
    await move(fileEnd(), server());
    const source = fileEnd();
    const target = server();
    const { newEpoch } = await undoMove({ source, target, from: 'the source', now: NOW + 50 });
    await source.close();
    const store = openCentralStore(file());
    expect(await store.centralEpoch()).toBe(newEpoch);
    expect((await store.warehouses()).every(({ unsettled }) => unsettled !== undefined)).toBe(true);
    await store.close();
    await expect(serverStore().promise([KEYED], NOW)).rejects.toBeInstanceOf(StoreMoved);
  });

  it('is not done where nothing was moved, or elsewhere', async () => {
    const source = fileEnd();
    await expect(undoMove({ source, target: undefined, from: 'x', now: NOW })).rejects.toThrow('was not moved away');
    await source.close();
    await move(fileEnd(), server());
    const again = fileEnd();
    const stranger = fileEnd('elsewhere');
    await expect(undoMove({ source: again, target: stranger, from: 'x', now: NOW })).rejects.toThrow('not to where');
    await again.close();
    await stranger.close();
  });
});

/** As both engines can say it: without U+0000, and without what the store takes on the disk. */
function plain(answers: Awaited<ReturnType<typeof allAnswers>>): unknown {
  const text = JSON.stringify({ ...answers, stats: { ...answers.stats, bytes: 'so many' } });
  return JSON.parse(text.replaceAll('\\u0000', '\ufffd'));
}

/** The same end, but for some of its methods, which do something first. */
function wrapped(end: MoveEnd, before: Partial<Record<keyof MoveEnd, () => unknown>>): MoveEnd {
  return new Proxy(end, {
    get(target, name: keyof MoveEnd) {
      const method = target[name];
      return async (...asked: readonly unknown[]) => {
        await before[name]?.();
        return Reflect.apply(method, target, asked);
      };
    },
  });
}

const changing = ['begin', 'put', 'settle', 'arrive', 'leave', 'open'];

/** A process that dies before its so-manieth change of either end. */
function dyingAt(calls: number, source: MoveEnd, target: MoveEnd): readonly [MoveEnd, MoveEnd] {
  let made = 0;
  const die = () => {
    made += 1;
    if (made >= calls) throw new Error('killed');
  };
  const mortal = <T extends object>(one: T): T =>
    new Proxy(one, {
      get(object, name) {
        const member: unknown = Reflect.get(object, name);
        if (typeof member !== 'function' || name === 'close')
          return typeof member === 'function' ? member.bind(object) : member;
        return async (...asked: readonly unknown[]) => {
          if (changing.includes(String(name))) die();
          const work = asked[0];
          if (name !== 'hold' || typeof work !== 'function') return Reflect.apply(member, object, asked);
          return Reflect.apply(member, object, [(held: object) => work(mortal(held))]);
        };
      },
    });
  return [mortal(source), mortal(target)];
}
