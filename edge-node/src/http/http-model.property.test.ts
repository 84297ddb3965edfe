import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CounterModel, type Expected, type Units } from '../testing/counter-model.ts';
import { differencesIn } from '../testing/differences-in.ts';
import { type Answer, OpenDoors } from '../testing/open-doors.ts';

const skus = ['A', 'B', 'c'];
const sku = fc.constantFrom(...skus);
const quantity = fc.integer({ min: 1, max: 6 });
const units: fc.Arbitrary<Units> = fc.record({ sku, quantity });
const lines = fc.array(units, { minLength: 1, maxLength: 3 });
/** Few names, so that they come again: with the same words, or with others. */
const name = fc.constantFrom('1', '2', '3', '4');

/** One request, and what the model has to say to it. */
class Request implements fc.AsyncCommand<CounterModel, OpenDoors> {
  readonly #told: string;
  readonly #send: (doors: OpenDoors) => Promise<Answer>;
  readonly #expect: (model: CounterModel) => Expected;

  constructor(told: string, send: (doors: OpenDoors) => Promise<Answer>, expected: (model: CounterModel) => Expected) {
    this.#told = told;
    this.#send = send;
    this.#expect = expected;
  }

  check(): boolean {
    return true;
  }

  async run(model: CounterModel, doors: OpenDoors): Promise<void> {
    const due = this.#expect(model);
    const { status, body, headers } = await this.#send(doors);
    const isReplay = headers.get('idempotency-replayed') === 'true';
    expect({ status, code: body.code, isReplay }).toEqual({ code: undefined, isReplay: false, ...due });
    await compare(model, doors);
  }

  toString(): string {
    return this.#told;
  }
}

/** A process that ends and begins anew finds what was answered. */
class Restart implements fc.AsyncCommand<CounterModel, OpenDoors> {
  check(): boolean {
    return true;
  }

  async run(model: CounterModel, doors: OpenDoors): Promise<void> {
    doors.restart();
    await compare(model, doors);
  }

  toString(): string {
    return 'restart';
  }
}

async function compare(model: CounterModel, doors: OpenDoors): Promise<void> {
  for (const name of skus) {
    const { onHand, reserved, committed } = model.of(name);
    const answer = await doors.get(`/v1/stock/${name}`);
    const due = { onHand, reserved, committed, available: model.available(name) };
    expect({ sku: name, ...(JSON.parse(answer.text) as object) }).toMatchObject({ sku: name, ...due });
  }
  for (const [id, { state }] of model.reservations) {
    expect((await doors.get(`/v1/reservations/${id}`)).body.reservation).toMatchObject({ id, state });
  }
  for (const [id, { state }] of model.transfers) {
    expect((await doors.get(`/v1/transfers/${id}`)).body.transfer).toMatchObject({ id, state });
  }
}

const told = (what: string, ...words: unknown[]) => `${what} ${words.map((word) => JSON.stringify(word)).join(' ')}`;

const facts = [
  fc.tuple(name, units).map(([key, line]) => {
    const body = { kind: 'receive', lines: [line] };
    const send = (doors: OpenDoors) => doors.post('/v1/movements', body, { 'idempotency-key': key });
    return new Request(told('receive', key, line), send, (model) => model.move(`key ${key}`, line, 1));
  }),
  fc.tuple(name, units).map(([receipt, line]) => {
    const send = (doors: OpenDoors) => doors.post('/v1/sales', { till: 'T', receipt, lines: [line] });
    return new Request(told('sell', receipt, line), send, (model) => model.move(`sale ${receipt}`, line, -1));
  }),
  fc.tuple(name, units).map(([receipt, line]) => {
    const send = (doors: OpenDoors) => doors.post('/v1/returns', { till: 'T', receipt, lines: [line] });
    return new Request(told('return', receipt, line), send, (model) => model.move(`return ${receipt}`, line, 1));
  }),
  fc.tuple(sku, fc.integer({ min: 0, max: 12 })).map(([of, counted]) => {
    const send = (doors: OpenDoors) => doors.post('/v1/counts', { lines: [{ sku: of, counted }] });
    return new Request(told('count', of, counted), send, (model) => model.count(of, counted));
  }),
];

const promises = [
  fc.tuple(name, lines).map(([id, wanted]) => {
    const send = (doors: OpenDoors) => doors.post('/v1/reservations', { id, owner: 'ana', lines: wanted });
    return new Request(told('reserve', id, wanted), send, (model) => model.reserve(id, wanted));
  }),
  name.map((id) => {
    const send = (doors: OpenDoors) => doors.post(`/v1/reservations/${id}/confirm`, undefined);
    return new Request(told('confirm', id), send, (model) => model.confirm(id));
  }),
  name.map((id) => {
    const send = (doors: OpenDoors) => doors.post(`/v1/reservations/${id}/renew`, { ttlSeconds: 60 });
    return new Request(told('renew', id), send, (model) => model.renew(id));
  }),
  name.map((id) => {
    const send = (doors: OpenDoors) => doors.delete(`/v1/reservations/${id}`);
    return new Request(told('release', id), send, (model) => model.release(id));
  }),
  fc.tuple(name, name).map(([id, receipt]) => {
    const send = (doors: OpenDoors) => doors.post(`/v1/reservations/${id}/fulfil`, { till: 'T', receipt });
    return new Request(told('fulfil', id, receipt), send, (model) => model.fulfil(id, receipt));
  }),
  fc.tuple(name, lines).map(([id, wanted]) => {
    const send = (doors: OpenDoors) => doors.post('/v1/transfers', { id, to: 'HAM1', lines: wanted });
    return new Request(told('plan', id, wanted), send, (model) => model.plan(id, wanted));
  }),
  name.map((id) => {
    const send = (doors: OpenDoors) => doors.post(`/v1/transfers/${id}/ship`, undefined);
    return new Request(told('ship', id), send, (model) => model.ship(id));
  }),
  name.map((id) => {
    const send = (doors: OpenDoors) => doors.post(`/v1/transfers/${id}/cancel`, undefined);
    return new Request(told('cancel', id), send, (model) => model.cancel(id));
  }),
];

/** Bodies that no till means; whatever is in them, they are refused in words and change nothing. */
const notUnits = fc.oneof(
  fc.constantFrom(0, -1, 1.5, 1e300, 2 ** 53, '3', null, true, [], {}),
  fc.double({ noInteger: true }),
);
const wrongLine = fc.oneof(
  fc.record({ sku, quantity: notUnits }),
  fc.record({ sku: fc.constantFrom('', ' A', 'A\n', 7, null, 'x'.repeat(10_000)), quantity }),
  fc.record({ sku, quantity, colour: fc.constant('blue') }),
  fc.record({ quantity }),
);
const wrongPath = fc.constantFrom('/v1/sales', '/v1/movements', '/v1/returns', '/v1/reservations', '/v1/transfers');
const wrong = fc
  .oneof(
    fc
      .tuple(wrongPath, wrongLine)
      .map(([path, line]): [string, unknown] => [path, { ...bodyFor(path), lines: [{ sku: 'A', quantity: 1 }, line] }]),
    fc.tuple(wrongPath, fc.jsonValue()).map(([path, body]): [string, unknown] => [path, JSON.stringify(body)]),
    fc.tuple(wrongPath, fc.string()).map(([path, text]): [string, unknown] => [path, `{${text}`]),
    fc.constant<[string, unknown]>(['/v1/counts', { lines: [{ sku: 'A', counted: -1 }] }]),
    fc.constant<[string, unknown]>(['/v1/sales', { till: 'T', receipt: '', lines: [{ sku: 'A', quantity: 1 }] }]),
    fc.constant<[string, unknown]>(['/v1/transfers', { to: 'BER1', lines: [{ sku: 'A', quantity: 1 }] }]),
  )
  .map(([path, body]) => new Refused(path, body));

/** Everything a body for the door needs, but its lines. */
function bodyFor(path: string): object {
  if (path === '/v1/movements') return { kind: 'receive' };
  if (path === '/v1/reservations') return { owner: 'ana' };
  return path === '/v1/transfers' ? { to: 'HAM1' } : { till: 'T', receipt: 'wrong' };
}

class Refused implements fc.AsyncCommand<CounterModel, OpenDoors> {
  readonly #path: string;
  readonly #body: unknown;

  constructor(path: string, body: unknown) {
    this.#path = path;
    this.#body = body;
  }

  check(): boolean {
    return true;
  }

  async run(model: CounterModel, doors: OpenDoors): Promise<void> {
    const before = doors.site.ledger.view.log().sequence;
    const { status, body, headers } = await doors.post(this.#path, this.#body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ code: expect.any(String), detail: expect.stringMatching(/\S/) });
    expect(doors.site.ledger.view.log().sequence).toBe(before);
    await compare(model, doors);
  }

  toString(): string {
    return told('wrong', this.#path, this.#body);
  }
}

const restart = fc.constant(new Restart());
const commands = fc.commands([...facts, ...facts, ...promises, ...promises, wrong, restart], {
  maxCommands: 40,
  size: '+1',
});

/** A failure prints its seed and path, and the shortest row of requests that shows it. */
it('the doors of a node answer as a person at the counter expects, whatever is said in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (said) => {
      const doors = new OpenDoors();
      try {
        const model = new CounterModel();
        for (const name of skus) {
          await doors.receive(name, 6);
          model.of(name).onHand = 6;
        }
        await fc.asyncModelRun(() => ({ model, real: doors }), said);
        expect(await differencesIn(doors.site)).toEqual([]);
      } finally {
        doors.close();
      }
    }),
    { numRuns: 100 },
  );
}, 120_000);
