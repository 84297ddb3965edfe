import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenDoors } from '../testing/open-doors.ts';

let doors: OpenDoors;
beforeEach(() => {
  doors = new OpenDoors();
});
afterEach(() => doors.close());

const line = { sku: 'TEA', quantity: 1 };
const withLines = (...lines: unknown[]) => ({ till: 'T1', receipt: 'R-1', lines });

async function problemsOf(body: unknown) {
  const answer = await doors.post('/v1/sales', body);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(doors.site.ledger.view.log().sequence).toBe(0);
  return { status: answer.status, ...answer.body };
}

describe('a body is refused', () => {
  test('when a line is wrong: every fault is named with its line, code and place, and nothing is recorded', async () => {
    const problem = await problemsOf(
      withLines(line, { sku: 'TEA', quantity: 1.5 }, { sku: ' TEA', quantity: 1, colour: 'red' }, { quantity: 1 }),
    );
    expect(problem).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(problem.problems?.map(({ line, code, path }) => [line, code, path])).toEqual([
      [1, 'quantity-invalid', 'lines.1.quantity'],
      [2, 'sku-malformed', 'lines.2.sku'],
      [2, 'unknown-field', 'lines.2.colour'],
    ]);
    expect(problem.problems?.[0]?.message).toBe(
      'quantity must be a whole number of units other than 0, at most 1000000000000, not 1.5',
    );
  });

  test.each([
    ['1.5', '1.5'],
    ['"5"', '"5"'],
    ['1e400', 'Infinity'],
    ['-1e400', '-Infinity'],
    ['0', '0'],
    ['null', 'null'],
    ['true', 'true'],
    ['[1]', 'a list of 1'],
    ['{}', 'an object'],
    ['9007199254740993', '9007199254740992'],
  ])('when a quantity is %s', async (json, shown) => {
    const { problems } = await problemsOf(`{"till":"T","receipt":"R","lines":[{"sku":"TEA","quantity":${json}}]}`);
    const message = `quantity must be a whole number of units other than 0, at most 1000000000000, not ${shown}`;
    expect(problems).toEqual([{ line: 0, code: 'quantity-invalid', message, path: 'lines.0.quantity' }]);
  });

  test('when a field is missing, by its name', async () => {
    const { problems } = await problemsOf({ till: 'T1', lines: [{ sku: 'TEA' }] });
    expect(problems?.map(({ code, path }) => [code, path])).toEqual([
      ['required', 'receipt'],
      ['required', 'lines.0.quantity'],
    ]);
  });

  test('when a line names its item twice or not at all', async () => {
    const { problems } = await problemsOf(withLines({ quantity: 1 }, { sku: 'A', barcode: 'A', quantity: 1 }));
    expect(problems?.map(({ line, code }) => [line, code])).toEqual([
      [0, 'sku-or-barcode'],
      [1, 'sku-or-barcode'],
    ]);
  });

  test('when the ledger cannot take a line, in the same form', async () => {
    const { status, problems } = await problemsOf(withLines(line, { sku: 'TEA', quantity: -1 }));
    expect(status).toBe(400);
    expect(problems).toEqual([expect.objectContaining({ line: 1, code: 'quantity-negative' })]);
  });

  test.each([
    ['no lines', [], 'too-few'],
    ['more than a thousand lines', Array.from({ length: 1001 }, () => line), 'too-many'],
    ['lines that are no list', 'TEA', 'wrong-type'],
  ])('with %s', async (_, lines, code) => {
    const { problems } = await problemsOf({ till: 'T1', receipt: 'R-1', lines });
    expect(problems).toEqual([expect.objectContaining({ code, path: 'lines' })]);
  });

  test.each([
    ['nothing', '', 'malformed-json'],
    ['half a document', '{"till":', 'malformed-json'],
    ['a list', '[]', 'invalid-request'],
    ['null', 'null', 'invalid-request'],
  ])('that is %s', async (_, body, code) => {
    expect(await problemsOf(body)).toMatchObject({ status: 400, code });
  });

  test('that nests deeper than anything sane', async () => {
    expect((await problemsOf(`{"lines":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)).status).toBe(400);
  });

  test('with a key that would reach for a prototype', async () => {
    const { problems } = await problemsOf(
      '{"__proto__":{"till":"T"},"receipt":"R","lines":[{"sku":"A","quantity":1}]}',
    );
    expect(problems?.map(({ path }) => path)).toContain('till');
  });

  test('with a text that could not be stored as it is', async () => {
    const { problems } = await problemsOf(withLines({ ...line, bin: '\ud800' }, { ...line, lot: 'a\nb' }));
    expect(problems?.map(({ path }) => path)).toEqual(['lines.0.bin', 'lines.1.lot']);
  });

  test.each(['2026-02-30', '2026-13-01', '26-01-01', 20260101])('with the expiry %s', async (expiry) => {
    const { problems } = await problemsOf(withLines({ ...line, lot: 'L', expiry }));
    expect(problems?.[0]?.code).toBe('expiry-invalid');
  });

  test.each(['2026-03-29T01:30:00', 'yesterday', 1e15, -1, 1.5])('with the time %s', async (occurredAt) => {
    const { problems } = await problemsOf({ ...withLines(line), occurredAt });
    expect(problems?.[0]?.code).toBe('time-malformed');
  });

  test('with serials that would not fit one delta', async () => {
    const serials = Array.from({ length: 200 }, (_, index) => `${index}${'é'.repeat(60)}`);
    const { problems } = await problemsOf(withLines({ sku: 'TEA', quantity: 200, serials }));
    expect(problems?.[0]?.code).toBe('serials-malformed');
  });

  test('with a hundred faults listed and the rest counted', async () => {
    const problem = await problemsOf(withLines(...Array.from({ length: 300 }, () => ({ sku: 'TEA', quantity: 0 }))));
    expect(problem.problems).toHaveLength(100);
    expect(problem.problemsOmitted).toBe(200);
  });

  test('that is not sent as JSON', async () => {
    const answer = await doors.post('/v1/sales', withLines(line), { 'content-type': 'text/plain' });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported-media-type']);
    const latin = await doors.post('/v1/sales', withLines(line), {
      'content-type': 'application/json; charset=latin1',
    });
    expect(latin.status).toBe(415);
    const zipped = await doors.post('/v1/sales', withLines(line), { 'content-encoding': 'gzip' });
    expect([zipped.status, zipped.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect((await doors.post('/v1/sales', withLines(line), { 'content-encoding': 'Identity' })).status).toBe(201);
  });

  test('that is not UTF-8', async () => {
    const bytes = Buffer.from(JSON.stringify(withLines({ sku: 'TÉA', quantity: 1 })), 'latin1');
    const headers = { 'content-type': 'application/json' };
    const response = await doors.app.request('/v1/sales', { method: 'POST', headers, body: bytes });
    expect(await response.json()).toMatchObject({ code: 'malformed-json', detail: expect.stringContaining('UTF-8') });
  });

  test('that is longer than the limit, announced or not', async () => {
    const body = JSON.stringify(withLines(line)).padEnd(doors.deps.limits.bodyBytesMax + 1);
    const announced = await doors.post('/v1/sales', body, { 'content-length': String(body.length) });
    const streamed = await doors.post('/v1/sales', body);
    for (const { status, body } of [announced, streamed]) {
      expect([status, body.code]).toEqual([413, 'body-too-large']);
    }
  });
});

test('a body is accepted with a charset, a vendor type and exactly the longest length', async () => {
  const body = JSON.stringify(withLines(line)).padEnd(doors.deps.limits.bodyBytesMax);
  const type = 'application/vnd.till+json; charset="UTF-8"';
  expect((await doors.post('/v1/sales', body, { 'content-type': type })).status).toBe(201);
});

describe('a refusal reads as sentences', () => {
  test('of a field that is misspelt', async () => {
    const { detail } = await problemsOf({ ...withLines(line), colour: 'red' });
    expect(detail).toBe('colour is not a field here; is it misspelt? Nothing was recorded.');
  });

  test('of a line that is no object', async () => {
    const { detail } = await problemsOf(withLines(7));
    expect(detail).toBe('Line 0: entry 0 must be a JSON object, not 7. Nothing was recorded.');
  });

  test('of a question, which would have recorded nothing anyway', async () => {
    const { status, body } = await doors.get('/v1/stock?limit=0');
    expect([status, body.detail]).toEqual([400, 'limit must be a whole number from 1 to 1000.']);
  });
});

describe('a query parameter', () => {
  test.each(['/v1/stock?after=1&after=2', '/v1/movements?limit=1&limit=1', '/v1/exceptions?state=open&state=resolved'])(
    'that stands twice is refused: %s',
    async (path) => {
      const { status, body } = await doors.get(path);
      expect([status, body.problems?.map(({ code }) => code)]).toEqual([400, ['parameter-repeated']]);
      expect(body.detail).toMatch(/^(after|limit|state) stands 2 times: name it once\.$/);
    },
  );

  test('that is a list may', async () => {
    expect((await doors.get('/v1/stock?sku=A&sku=B')).body).toMatchObject({ stock: [], unknown: ['A', 'B'] });
  });
});
