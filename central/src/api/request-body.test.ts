import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ApiUnderTest } from '../testing/api-under-test.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
});
afterEach(() => central.stop());

type Problem = { readonly code: string; readonly detail: string; readonly hint?: string };
async function problemOf(response: Response): Promise<Problem & { readonly status: number }> {
  return { status: response.status, ...((await response.json()) as Problem) };
}

describe('a refusal reads as sentences of this house', () => {
  const order = { owner: 'customer 1', lines: [{ sku: 'A', quantity: 1 }] };

  test.each<[string, string, object, string]>([
    [
      'POST',
      '/v1/orders',
      { ...order, onShortage: 'wait' },
      'onShortage must be one of refuse, cancel, backorder, not "wait".',
    ],
    ['POST', '/v1/orders', { ...order, lines: {} }, 'lines must be a list of 1 to 500 lines, not an object.'],
    ['POST', '/v1/orders', { ...order, chanel: 'x' }, 'chanel is not a field here; is it misspelt?'],
    ['POST', '/v1/orders', { ...order, chanel: 'x', x: 1 }, 'chanel is not a field here; is it misspelt? And 1 more.'],
    ['POST', '/v1/orders/O-1/payment', {}, 'result is required: one of authorised, failed.'],
    ['POST', '/v1/orders/O-1/payment', { result: 1 }, 'result must be one of authorised, failed, not 1.'],
    ['POST', '/v1/reservations', { ...order, partial: 'yes' }, 'partial must be true or false, not "yes".'],
    ['PUT', '/v1/channels/x', { warehouses: 'some' }, 'warehouses must be all or a list of warehouse ids, not "some".'],
    ['PUT', '/v1/channels/x', { warehouses: [] }, 'warehouses must have at least one entry.'],
    [
      'PUT',
      '/v1/channels/x',
      { warehouses: ['BER1', 'a b'] },
      'warehouses must be a list of warehouse ids: entry 1 must be a warehouse id: 1 to 32 letters, digits, hyphens and underscores, not "a b".',
    ],
  ])('%s %s %j', async (method, path, body, detail) => {
    const response = await (method === 'PUT' ? central.put(path, body) : central.post(path, body));
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'invalid-request', detail });
  });

  test('of a question too', async () => {
    const { problems } = (await (await central.post('/v1/availability/query', { skus: 'A', chanel: 1 })).json()) as {
      problems: { message: string }[];
    };
    expect(problems.map(({ message }) => message)).toEqual([
      'skus must be a JSON array, not "A"',
      'chanel is not a field here; is it misspelt?',
    ]);
  });
});

test('a body that is left out is told as that, whatever the headers say, with what is due', async () => {
  const detail = 'The body is empty: a JSON object is due, with the header content-type: application/json.';
  const bare = await central.fetch('/v1/orders/O-1/payment', { method: 'POST' });
  expect(await problemOf(bare)).toMatchObject({ status: 400, code: 'malformed-json', detail });
  const other = await central.fetch('/v1/orders/O-1/payment', { method: 'POST', body: 'result=authorised' });
  expect(await problemOf(other)).toMatchObject({ status: 415, detail: expect.stringContaining('text/plain') });
});

test.each([
  ['GET', '/v1/nowhere/', 404],
  ['GET', '/v1/stock/', 404],
  ['DELETE', '/v1/orders/', 405],
])('%s %s with thousands of characters is not told back at length', async (method, path, status) => {
  const problem = await problemOf(await central.fetch(`${path}${'x'.repeat(5000)}`, { method }));
  expect([problem.status, problem.detail]).toEqual([status, expect.stringContaining(`${path}xxx`)]);
  expect(JSON.stringify(problem).length).toBeLessThan(600);
});
