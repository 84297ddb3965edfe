import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differencesIn } from '../../testing/differences-in.ts';
import { OpenDoors } from '../../testing/open-doors.ts';
import { sku } from '../../testing/site.ts';

let doors: OpenDoors;
beforeEach(async () => {
  doors = new OpenDoors();
  const { site } = doors;
  await site.move('receive', [
    { sku: sku('TEA'), quantity: 6, bin: 'A1' },
    { sku: sku('TEA'), quantity: 4, bin: 'B1' },
    { sku: sku('MUG'), quantity: 5, bin: 'C1' },
  ]);
  site.granter.setLive(true);
  await site.direct({ kind: 'policy', policy: { class: 'store', sharePercent: 100, safetyStock: 0 } });
  await site.granter.idle();
  site.granter.setLive(false);
  await site.direct({
    ...{ kind: 'allocate', task: 'O-1.1', order: 'O-1', dueAt: 1_700_000_000_000 },
    lines: [
      { sku: sku('TEA'), quantity: 5 },
      { sku: sku('MUG'), quantity: 2 },
    ],
  });
});
afterEach(() => doors.close());

const step = (name: string, body: unknown = {}, headers = {}) => doors.post(`/v1/tasks/O-1.1/${name}`, body, headers);
const stock = async (text: string) => (await doors.get(`/v1/stock/${text}`)).body;
const full = {
  lines: [
    { sku: 'TEA', picked: 5, bin: 'B1' },
    { sku: 'MUG', picked: 2 },
  ],
  actor: 'ana',
};

describe('a task', () => {
  test('is listed with what it wants, and found alone with where the goods are', async () => {
    const { body } = await doors.get('/v1/tasks?state=open');
    expect(body).toMatchObject({
      tasks: [
        {
          ...{ task: 'O-1.1', order: 'O-1', state: 'open', dueAt: '2023-11-14T22:13:20.000Z' },
          lines: [
            { sku: 'MUG', quantity: 2, open: 2, picked: 0, shipped: 0, released: 0 },
            { sku: 'TEA', quantity: 5, open: 5, picked: 0, shipped: 0, released: 0 },
          ],
        },
      ],
    });
    expect((await doors.get('/v1/tasks?state=shipped')).body).toEqual({ tasks: [] });
    expect((await doors.get('/v1/tasks/O-1.1')).body).toMatchObject({
      places: [
        { sku: 'MUG', in: [{ bin: 'C1', quantity: 5 }] },
        {
          sku: 'TEA',
          in: [
            { bin: 'A1', quantity: 6 },
            { bin: 'B1', quantity: 4 },
          ],
        },
      ],
    });
  });

  test('comes in pages, in the order of arrival', async () => {
    for (const task of ['O-2.1', 'O-3.1']) {
      await doors.site.direct({ kind: 'allocate', task, order: 'O', lines: [{ sku: sku('TEA'), quantity: 1 }] });
    }
    const first = await doors.get('/v1/tasks?limit=2');
    expect(first.body).toMatchObject({ tasks: [{ task: 'O-1.1' }, { task: 'O-2.1' }] });
    const rest = await doors.get(`/v1/tasks?limit=2&after=${first.body.next}`);
    expect(rest.body).toMatchObject({ tasks: [{ task: 'O-3.1' }] });
    expect(rest.body.next).toBeUndefined();
  });

  test.each(['state=done', 'state=open,picked', 'limit=0', 'status=open'])('the list refuses ?%s', async (query) => {
    expect((await doors.get(`/v1/tasks?${query}`)).status).toBe(400);
  });

  test('that nobody knows is a 404, at every door', async () => {
    expect((await doors.get('/v1/tasks/NO')).body.code).toBe('unknown-task');
    for (const name of ['pick', 'pack', 'ship']) {
      const { status, body } = await doors.post(`/v1/tasks/NO/${name}`, {});
      expect([status, body.code]).toEqual([404, 'unknown-task']);
    }
  });
});

describe('pick, pack and ship', () => {
  test('take the goods out of the picked places, and end the task', async () => {
    expect((await step('pick', full)).body).toMatchObject({ state: 'picked', lines: [{ picked: 2 }, { picked: 5 }] });
    expect(await stock('TEA')).toMatchObject({ onHand: 10, committed: 5 });
    expect((await step('pack')).body).toMatchObject({ state: 'packed' });
    const shipped = await step('ship', { tracking: 'JD0001', actor: 'ana' });
    expect([shipped.status, shipped.body]).toMatchObject([
      200,
      {
        state: 'shipped',
        tracking: 'JD0001',
        lines: [
          { shipped: 2, open: 0 },
          { shipped: 5, open: 0 },
        ],
      },
    ]);
    expect(await stock('TEA')).toMatchObject({ onHand: 5, committed: 0, quota: 5, available: 0 });
    const { body } = await doors.get('/v1/stock/TEA/explain');
    // The picker found five where the books had four: the fact stands, and the bin is one short.
    expect(body).toMatchObject({
      balances: [
        { bin: 'A1', quantity: 6 },
        { bin: 'B1', quantity: -1 },
      ],
      quota: { granted: 10, allocated: 5, returned: 0 },
      tasks: [],
      movements: [
        { kind: 'ship', quantity: -5, document: 'O-1.1', actor: 'ana', bin: 'B1' },
        { kind: 'allocate' },
        {},
        {},
        {},
      ],
    });
    expect((await doors.get('/v1/exceptions')).body.exceptions).toContainEqual(
      expect.objectContaining({ kind: 'negative-balance', sku: 'TEA' }),
    );
  });

  test.each<[string, object[], object[]]>([
    [
      'first',
      [
        { picked: 3, bin: 'B1' },
        { picked: 2, bin: 'A1' },
      ],
      [{ shipped: 3, bin: 'B1' }, { shipped: 2 }],
    ],
    [
      'last',
      [
        { picked: 3, bin: 'B1' },
        { picked: 2, bin: 'A1' },
      ],
      [{ shipped: 2 }, { shipped: 3, bin: 'B1' }],
    ],
    ['beside open picks', [{ picked: 2 }, { picked: 3, bin: 'B1' }], [{ shipped: 3, bin: 'B1' }, { shipped: 2 }]],
    ['in parts', [{ picked: 3, bin: 'B1' }, { picked: 2 }], [{ shipped: 1, bin: 'B1' }, { shipped: 4 }]],
  ])(
    'takes each pick once: a line without a bin has what the named one leaves (named %s)',
    async (_where, pick, ship) => {
      const of = (lines: object[], mug: object) => ({
        lines: [...lines.map((line) => ({ sku: 'TEA', ...line })), { sku: 'MUG', ...mug }],
      });
      expect((await step('pick', of(pick, { picked: 2 }))).status).toBe(200);
      expect((await step('ship', of(ship, { shipped: 2 }))).status).toBe(200);
      expect((await doors.get('/v1/stock/TEA/explain')).body).toMatchObject({
        balances: [
          { bin: 'A1', quantity: 4 },
          { bin: 'B1', quantity: 1 },
        ],
      });
      const { exceptions } = (await doors.get('/v1/exceptions')).body;
      expect(exceptions?.filter(({ kind }) => kind !== 'unknown-sku')).toEqual([]);
      expect(await differencesIn(doors.site)).toEqual([]);
    },
  );

  test('may be one: a small shop ships what it has at hand', async () => {
    expect((await step('ship')).body).toMatchObject({ state: 'shipped' });
    expect(await stock('MUG')).toMatchObject({ onHand: 3, committed: 0 });
  });

  test('happen once: a repeated request is told what the first was, whatever happened since', async () => {
    const picked = await step('pick', full, { 'idempotency-key': 'p1' });
    await step('pack');
    const shipped = await step('ship', {}, { 'idempotency-key': 's1' });
    const before = doors.site.store.outbox.head();
    for (const headers of [{}, { 'idempotency-key': 'p1' }, { 'idempotency-key': 'other' }]) {
      const again = await step('pick', full, headers);
      expect([again.status, again.body]).toEqual([200, picked.body]);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    }
    expect((await step('ship', {}, { 'idempotency-key': 's1' })).body).toEqual(shipped.body);
    expect(doors.site.store.outbox.head()).toEqual(before);
  });

  test('out of turn, or with another body, are a 409 that names the state', async () => {
    expect((await step('pack')).body).toMatchObject({ code: 'task-state', state: 'open' });
    await step('pick', full);
    const other = await step('pick', { lines: full.lines });
    expect([other.status, other.body]).toMatchObject([409, { code: 'task-state', state: 'picked' }]);
    await step('ship', { tracking: 'JD1' });
    expect((await step('ship', { tracking: 'JD2' })).body).toMatchObject({ code: 'task-state', state: 'shipped' });
    expect((await step('pack')).status).toBe(409);
  });

  test.each([
    ['no body', undefined, {}],
    ['an empty body that is called JSON', '', { 'content-type': 'application/json' }],
  ])('need no body: %s is an empty object', async (_what, body, headers) => {
    for (const name of ['pick', 'pack', 'ship']) {
      const told = await doors.post(`/v1/tasks/O-1.1/${name}`, body, headers);
      expect([name, told.status, told.body]).toMatchObject([name, 200, {}]);
      const again = await step(name, {});
      expect([name, again.headers.get('idempotency-replayed')]).toEqual([name, 'true']);
    }
    expect((await doors.get('/v1/tasks/O-1.1')).body).toMatchObject({ state: 'shipped' });
  });

  test('under a key that was used for another request are a 422', async () => {
    await step('ship', {}, { 'idempotency-key': 'k' });
    expect((await step('pick', {}, { 'idempotency-key': 'k' })).status).toBe(422);
  });
});

describe('a parcel that left before the cancellation was heard of', () => {
  const cancel = () =>
    doors.site.direct({
      ...{ kind: 'release', task: 'O-1.1', reason: 'the order was cancelled' },
      lines: [
        { sku: sku('TEA'), quantity: 5 },
        { sku: sku('MUG'), quantity: 2 },
      ],
    });

  test('is recorded out of the picked places, once, with an exception, and the books agree (P4)', async () => {
    await step('pick', { lines: [{ ...full.lines[0], bin: 'A1' }, full.lines[1]] });
    await step('pack');
    await cancel();
    // What is to be put back, unless it has left.
    expect((await doors.get('/v1/tasks/O-1.1')).body).toMatchObject({
      state: 'released',
      lines: [
        { open: 0, picked: 2 },
        { open: 0, picked: 5, released: 5 },
      ],
    });
    expect(await stock('TEA')).toMatchObject({ onHand: 10, committed: 0, available: 5 });
    const shipped = await step('ship', { tracking: 'JD0001' });
    expect([shipped.status, shipped.body]).toMatchObject([
      200,
      {
        ...{ state: 'shipped', tracking: 'JD0001' },
        lines: [
          { shipped: 2, released: 0 },
          { shipped: 5, released: 0, open: 0 },
        ],
      },
    ]);
    expect(await stock('TEA')).toMatchObject({ onHand: 5, committed: 0, available: 0, quota: 5 });
    expect((await doors.get('/v1/stock/TEA/explain')).body).toMatchObject({
      balances: [
        { bin: 'A1', quantity: 1 },
        { bin: 'B1', quantity: 4 },
      ],
      tasks: [],
    });
    const { exceptions } = (await doors.get('/v1/exceptions')).body;
    expect(exceptions?.filter(({ kind }) => kind !== 'unknown-sku')).toMatchObject([
      { kind: 'shipped-after-release', sku: 'MUG', deficit: 2 },
      { kind: 'shipped-after-release', sku: 'TEA', deficit: 5 },
    ]);
    const head = doors.site.store.outbox.head();
    const again = await step('ship', { tracking: 'JD0001' });
    expect([again.status, again.body]).toEqual([200, shipped.body]);
    expect((await step('ship', { tracking: 'JD0002' })).body).toMatchObject({ code: 'task-state', state: 'shipped' });
    // Central asks once more, of a task that has nothing to give.
    await cancel();
    expect(doors.site.store.outbox.head()).toEqual(head);
    expect(await differencesIn(doors.site)).toEqual([]);
  });

  test('leaves whoever was promised its units short, which is a deficit as any other', async () => {
    await step('pick', full);
    await cancel();
    doors.site.granter.setLive(true);
    await doors.site.direct({ kind: 'grant-request', lines: [{ sku: sku('MUG'), quantity: 2 }], expiresAt: 9e12 });
    await doors.site.granter.idle();
    expect(await stock('MUG')).toMatchObject({ onHand: 5, quota: 5, available: 0 });
    expect((await step('ship')).status).toBe(200);
    expect(await stock('MUG')).toMatchObject({ onHand: 3, committed: 0, quota: 5 });
    expect((await doors.get('/v1/exceptions')).body.exceptions).toContainEqual(
      expect.objectContaining({ kind: 'negative-available', sku: 'MUG', deficit: 2 }),
    );
    expect(await differencesIn(doors.site)).toEqual([]);
  });

  test('may have left with the part that was taken back: the packer says what left, and the books agree (P4)', async () => {
    await step('pick', { lines: [{ ...full.lines[0], bin: 'A1' }, full.lines[1]] });
    await step('pack');
    await doors.site.direct({
      ...{ kind: 'release', task: 'O-1.1', reason: 'served from elsewhere' },
      lines: [{ sku: sku('TEA'), quantity: 2 }],
    });
    expect((await doors.get('/v1/tasks/O-1.1')).body).toMatchObject({
      state: 'packed',
      lines: [{ open: 2 }, { open: 3, picked: 5, released: 2 }],
    });
    expect((await step('ship', { lines: [{ sku: 'TEA', shipped: 5 }] })).body).toMatchObject({
      problems: [{ line: 0, code: 'sku-untold' }],
    });
    const lines = [
      { sku: 'TEA', shipped: 5 },
      { sku: 'MUG', shipped: 1 },
    ];
    const shipped = await step('ship', { lines });
    expect([shipped.status, shipped.body]).toMatchObject([
      200,
      {
        state: 'shipped',
        lines: [
          { open: 0, shipped: 1, released: 1 },
          { open: 0, shipped: 5, released: 0 },
        ],
      },
    ]);
    expect(await stock('TEA')).toMatchObject({ onHand: 5, committed: 0 });
    expect(await stock('MUG')).toMatchObject({ onHand: 4, committed: 0 });
    const { exceptions } = (await doors.get('/v1/exceptions')).body;
    expect(exceptions?.filter(({ kind }) => kind !== 'unknown-sku')).toMatchObject([
      { kind: 'shipped-after-release', sku: 'TEA', deficit: 2 },
    ]);
    const head = doors.site.store.outbox.head();
    expect((await step('ship', { lines })).body).toEqual(shipped.body);
    expect((await step('ship')).body).toMatchObject({ code: 'task-state' });
    expect(doors.site.store.outbox.head()).toEqual(head);
    expect(await differencesIn(doors.site)).toEqual([]);
  });

  test('cannot be one of which nothing had been picked, unless it is said what left: refused, with what to do instead', async () => {
    await cancel();
    const { status, body } = await step('ship');
    expect([status, body]).toMatchObject([409, { code: 'task-state', state: 'released' }]);
    expect(body.detail).toContain('say which (lines)');
    expect(await stock('TEA')).toMatchObject({ onHand: 10 });
  });
});

describe('a short pick', () => {
  const short = (missing: string) => ({
    lines: [
      { sku: 'TEA', picked: 3, missing, bin: 'A1' },
      { sku: 'MUG', picked: 2 },
    ],
  });

  test.each([
    ['lost', { onHand: 8, unsellable: 0, committed: 3, available: 0 }],
    ['damaged', { onHand: 10, unsellable: 2, committed: 3, available: 0 }],
    ['elsewhere', { onHand: 10, unsellable: 0, committed: 3, available: 2 }],
  ])('gives up what is %s', async (missing, position) => {
    const { body } = await step('pick', short(missing));
    expect(body).toMatchObject({ state: 'picked', lines: [{}, { sku: 'TEA', picked: 3, open: 3, released: 2 }] });
    expect(await stock('TEA')).toMatchObject(position);
    const log = doors.site.ledger.view.movementsAfter(0, 99);
    expect(log.filter(({ kind }) => kind === 'uncommit')).toMatchObject([
      { quantity: 2, details: { document: 'O-1.1' } },
    ]);
    await step('ship');
    expect(await stock('TEA')).toMatchObject({ onHand: position.onHand - 3, committed: 0 });
  });

  test('burns what is lost out of the bin that was named', async () => {
    await step('pick', short('lost'));
    expect(doors.site.ledger.view.movementsAfter(0, 99)).toContainEqual(
      expect.objectContaining({
        ...{ kind: 'adjust', quantity: -2 },
        details: { document: 'O-1.1', reason: 'shrinkage', bin: 'A1' },
      }),
    );
  });

  test('of everything ends the task', async () => {
    const lines = ['TEA', 'MUG'].map((text) => ({ sku: text, picked: 0, missing: 'lost' }));
    expect((await step('pick', { lines })).body).toMatchObject({ state: 'released' });
    expect((await step('ship')).body).toMatchObject({ code: 'task-state', state: 'released' });
  });

  test('of a task that central then gives up leaves nothing to ship', async () => {
    await step('pick', short('elsewhere'));
    await doors.site.direct({
      ...{ kind: 'release', task: 'O-1.1', reason: 'cancelled' },
      lines: [{ sku: sku('TEA'), quantity: 5 }],
    });
    expect((await doors.get('/v1/tasks/O-1.1')).body).toMatchObject({
      state: 'picked',
      // Of TEA three are on the trolley, and to be put back.
      lines: [
        { open: 2, picked: 2 },
        { open: 0, picked: 3 },
      ],
    });
    await step('ship');
    expect(await stock('TEA')).toMatchObject({ onHand: 10, committed: 0 });
    expect(await stock('MUG')).toMatchObject({ onHand: 3, committed: 0 });
  });

  test.each([
    ['a SKU is left out', [{ sku: 'TEA', picked: 5 }], 'sku-untold'],
    ['a SKU is not in the task', [{ sku: 'POT', picked: 1 }], 'sku-not-in-task'],
    [
      'more is picked than is due',
      [
        { sku: 'TEA', picked: 6 },
        { sku: 'MUG', picked: 2 },
      ],
      'picked-too-many',
    ],
    [
      'nothing is said of the missing ones',
      [
        { sku: 'TEA', picked: 4 },
        { sku: 'MUG', picked: 2 },
      ],
      'missing-untold',
    ],
    [
      'it is said twice',
      [
        { sku: 'TEA', picked: 2, missing: 'lost' },
        { sku: 'TEA', picked: 2, missing: 'damaged' },
        { sku: 'MUG', picked: 2 },
      ],
      'missing-ambiguous',
    ],
    [
      'nothing is missing',
      [
        { sku: 'TEA', picked: 5, missing: 'lost' },
        { sku: 'MUG', picked: 2 },
      ],
      'nothing-missing',
    ],
    ['it is no number', [{ sku: 'TEA', picked: -1 }], 'counted-invalid'],
    ['it is missing for no known reason', [{ sku: 'TEA', picked: 1, missing: 'gone' }], 'missing-unknown'],
  ])('is refused when %s, and nothing is recorded', async (_why, lines, code) => {
    const before = doors.site.store.outbox.head();
    const { status, body } = await step('pick', { lines });
    expect([status, body.problems?.[0]?.code]).toEqual([400, code]);
    expect(doors.site.store.outbox.head()).toEqual(before);
    expect((await doors.get('/v1/tasks/O-1.1')).body).toMatchObject({ state: 'open' });
  });
});

test('the status and the metrics tell open tasks and outstanding quota', async () => {
  expect((await doors.get('/v1/status')).body).toMatchObject({
    quotaUnits: 8,
    openTasks: 1,
  });
  await step('ship');
  await doors.site.direct({ kind: 'quota-return', lines: [{ sku: sku('TEA'), total: 1 }] });
  const { text } = await doors.get('/metrics');
  expect(text).toContain('edgestock_tasks_open{warehouse="BER1"} 0');
  expect(text).toContain('edgestock_quota_units{warehouse="BER1"} 7');
});

test('a directive that cannot be carried out is shown among the exceptions, with its place and why', async () => {
  await doors.site.direct(Buffer.from('no msgpack'));
  expect((await doors.get('/v1/exceptions')).body.exceptions?.at(-1)).toMatchObject({
    kind: 'directive-refused',
    directive: { centralEpoch: 1, sequence: 3, reason: 'bytes follow the end of the value' },
  });
});
