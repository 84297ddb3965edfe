import { afterEach, describe, expect, it } from 'vitest';
import { CentralUnheard, type Looked } from '../rejoin/rejoin.ts';
import { OpenDoors, unlinked } from '../testing/open-doors.ts';
import type { HttpDependencies } from './dependencies.ts';

let doors: OpenDoors;
afterEach(() => doors.close());

const promise = (more: object = {}) => ({ id: 'R-1', owner: 'o', lines: [{ sku: 'A', quantity: 1 }], ...more });

describe('the doors of a restored node', () => {
  it('record sales and refuse promises, unless they are forced', async () => {
    doors = new OpenDoors({ restored: () => ({ kind: 'backup', at: 0 }) });
    await doors.receive('A', 5);
    const sale = { till: 'T', receipt: '1', lines: [{ sku: 'A', quantity: 1 }] };
    expect((await doors.post('/v1/sales', sale)).status).toBe(201);
    const refused = await doors.post('/v1/reservations', promise());
    expect([refused.status, refused.body.code]).toEqual([409, 'restored']);
    expect(refused.body.detail).toContain('edgestock edge rejoin');
    const plan = { to: 'HAM1', lines: [{ sku: 'A', quantity: 1 }] };
    expect((await doors.post('/v1/transfers', { id: 'X', ...plan })).body.code).toBe('restored');
    expect((await doors.post('/v1/reservations', promise({ force: true }))).status).toBe(201);
    expect((await doors.post('/v1/transfers', { id: 'X', ...plan, force: true })).status).toBe(201);
    // Made before: it is the same one, whatever the node is.
    expect((await doors.post('/v1/reservations', promise({ force: true }))).status).toBe(201);
  });

  it('say so where somebody looks, and stay ready', async () => {
    doors = new OpenDoors({ restored: () => ({ kind: 'rolled-back', at: 0 }) });
    for (const path of ['/v1/status', '/readyz']) {
      const answer = await doors.get(path);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ restored: { kind: 'rolled-back', since: '1970-01-01T00:00:00.000Z' } });
    }
    expect((await doors.get('/metrics')).text).toMatch(/edgestock_restored\{[^}]*\} 1/);
  });

  it('advise to rejoin, and never to take another id, where central refuses books that were put back', async () => {
    const hint = 'another installation owns this warehouse; give the node an id of its own with --warehouse';
    const status = () => ({ ...unlinked, state: 'refused', reason: 'another installation owns it', hint }) as const;
    doors = new OpenDoors({ status, restored: () => ({ kind: 'salvaged', at: 0 }) });
    const { body } = await doors.get('/v1/status');
    expect(body.hint).toBe(
      'another installation owns it; these books were put back, and central takes nothing of them before this node has rejoined: edgestock edge rejoin',
    );
    doors.close();
    doors = new OpenDoors({ status });
    expect((await doors.get('/v1/status')).body.hint).toBe(hint);
  });

  it('of a node that has rejoined tell what may be missing, and since when', async () => {
    const last = { epoch: 2, at: 9, lost: 3, knownUpTo: 1, takenOverAt: 8, recount: 'all' };
    doors = new OpenDoors({ rejoined: () => last });
    expect((await doors.get('/v1/status')).body).toMatchObject({
      rejoined: { lost: 3, window: { from: '1970-01-01T00:00:00.001Z', to: '1970-01-01T00:00:00.008Z' } },
    });
  });
});

describe('the doors of a rejoin', () => {
  const inStep = {
    ...({ outcome: 'known', epoch: 0, applied: 0, hash: '0', isOwner: true, isPrefix: true } as const),
    ...{ heard: { at: 5, committed: 0 }, knownAt: 4, time: 9, missing: 0 },
  };
  const looking = (seen: Looked): NonNullable<HttpDependencies['rejoin']> => ({
    look: async () => seen,
    begin: () => ({ phase: 'asking' }),
    status: () => undefined,
  });
  const known = {
    ...({ outcome: 'known', epoch: 4, applied: 70, hash: '0', isOwner: false, isPrefix: true } as const),
    ...{ heard: { at: 5, committed: 73 }, knownAt: 4, time: 9, missing: 0 },
  };

  it('show what would happen, and begin it with what was seen', async () => {
    const begun: unknown[] = [];
    const rejoin = {
      look: async () => known,
      begin: (asked: object) => {
        begun.push(asked);
        return { phase: 'asking' } as const;
      },
      status: () => undefined,
    };
    doors = new OpenDoors({ rejoin });
    const shown = await doors.get('/v1/rejoin');
    expect(shown.body).toMatchObject({ lost: 3, central: { epoch: 4, applied: 70, heardCommitted: 73 } });
    expect(shown.text).toContain('in epoch 5');
    expect(shown.body).toMatchObject({ recount: 'all', isNeeded: true });
    expect(shown.text).toContain('every SKU gets a recount');
    expect((await doors.post('/v1/rejoin', {})).status).toBe(400);
    expect((await doors.post('/v1/rejoin', { sawEpoch: 4, recount: 'some' })).status).toBe(400);
    expect(begun).toEqual([]);
    expect((await doors.post('/v1/rejoin', { sawEpoch: 4, recount: 'all' })).status).toBe(202);
    expect(begun).toEqual([{ sawEpoch: 4, recount: 'all' }]);
  });

  it.each([
    ['of salvaged books, whose gaps central cannot fill', { ...inStep, missing: 7 }, { lost: 7, recount: 'all' }],
    ['of a central that was put back', { ...inStep, recount: 'all' as const }, { lost: 0, recount: 'all' }],
    ['where nothing is missing', inStep, { lost: 0, recount: 'moved' }],
  ])('say what will have to be counted: %s', async (_what, seen, expected) => {
    doors = new OpenDoors({ rejoin: looking(seen) });
    const { body } = await doors.get('/v1/rejoin');
    expect(body).toMatchObject(expected);
    const words = expected.recount === 'all' ? 'every SKU gets a recount' : 'newer states than its log';
    expect(body.effects).toContainEqual(expect.stringContaining(words));
  });

  it.each<[string, Partial<HttpDependencies>, object, boolean]>([
    ['a sound node in step with central', {}, {}, false],
    ['one that is not live', { status: () => unlinked }, {}, true],
    ['one that is restored', { restored: () => ({ kind: 'backup', at: 0 }) }, {}, true],
    ['one that is damaged', { integrity: () => ({ checkedAt: 0, durationMs: 1, findings: ['page 9'] }) }, {}, true],
    ['one that is not the owner', {}, { isOwner: false }, true],
    ['one that is fenced', {}, { fence: 'fork' }, true],
    ['one of another history', {}, { isPrefix: false }, true],
    ['one of an epoch that has ended', {}, { epoch: 4 }, true],
    ['one that lacks something', {}, { applied: 70 }, true],
  ])('say whether there is anything to do: %s', async (_what, deps, seen, isNeeded) => {
    const { hint: _, ...linked } = unlinked;
    const live = () => ({ ...linked, state: 'live' }) as const;
    doors = new OpenDoors({ status: live, ...deps, rejoin: looking({ ...inStep, ...seen }) });
    expect((await doors.get('/v1/rejoin')).body).toMatchObject({ isNeeded });
  });

  it('tell that central does not answer', async () => {
    const rejoin = {
      look: async () => {
        throw new CentralUnheard('central does not answer');
      },
      begin: () => ({ phase: 'asking' }) as const,
      status: () => undefined,
    };
    doors = new OpenDoors({ rejoin });
    const answer = await doors.get('/v1/rejoin');
    expect([answer.status, answer.body.code]).toEqual([503, 'central-unheard']);
  });
});
