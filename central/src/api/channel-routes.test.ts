import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiUnderTest } from '../testing/api-under-test.ts';
import { EventReader } from '../testing/event-reader.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
  await central.move('BER1', { sku: 'A', quantity: 10 });
  await central.move('HAM1', { sku: 'A', quantity: 5 });
});
afterEach(() => central.stop());

const json = async (path: string): Promise<unknown> => (await central.fetch(path)).json();
const available = async (channel: string) =>
  ((await json(`/v1/availability/A?channel=${channel}`)) as { available: number }).available;

test('there is always the default channel, of all warehouses', async () => {
  expect(await json('/v1/channels')).toEqual({ channels: [{ channel: 'default', warehouses: 'all', buffer: 0 }] });
  expect((await central.fetch('/v1/channels/amazon')).status).toBe(404);
  expect((await central.fetch('/v1/availability/A?channel=amazon')).status).toBe(404);
});

test('a channel sells what its warehouses have, less its buffer, as soon as it is set', async () => {
  const set = await central.put('/v1/channels/amazon', { warehouses: ['BER1'], buffer: 2 });
  expect(set.status).toBe(200);
  expect(await set.json()).toEqual({ channel: 'amazon', warehouses: ['BER1'], buffer: 2 });
  expect(await available('amazon')).toBe(8);
  expect(await available('default')).toBe(15);
  const again = await central.put('/v1/channels/amazon', { warehouses: ['BER1'], buffer: 2 });
  expect(again.status).toBe(200);
  expect(await json('/v1/channels/amazon')).toEqual({ channel: 'amazon', warehouses: ['BER1'], buffer: 2 });
});

test('what one channel promises, no other has any more, whichever was asked before', async () => {
  await central.put('/v1/channels/amazon', { warehouses: ['BER1'] });
  expect([await available('amazon'), await available('default')]).toEqual([10, 15]);
  const lines = [{ sku: 'A', quantity: 4 }];
  const response = await central.post('/v1/reservations', { owner: 'o', channel: 'amazon', lines });
  expect(response.status).toBe(201);
  expect([await available('amazon'), await available('default')]).toEqual([6, 11]);
});

test('a SKU can have a buffer of its own, and the channel its own again', async () => {
  await central.put('/v1/channels/amazon', { buffer: 1 });
  await central.put('/v1/channels/amazon/buffers', { buffers: [{ sku: 'A', buffer: 9 }] });
  expect(await available('amazon')).toBe(6);
  expect(await json('/v1/channels/amazon/buffers')).toEqual({
    channel: 'amazon',
    buffers: [{ sku: 'A', buffer: 9 }],
  });
  await central.put('/v1/channels/amazon/buffers', { buffers: [{ sku: 'A', buffer: null }] });
  expect(await available('amazon')).toBe(14);
});

test('buffers that name a SKU twice are refused with its place, and none is set', async () => {
  await central.put('/v1/channels/amazon', { buffer: 1 });
  const buffers = [
    { sku: 'A', buffer: 9 },
    { sku: 'A', buffer: null },
    { sku: 'A', buffer: 3 },
  ];
  const response = await central.put('/v1/channels/amazon/buffers', { buffers });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    problems: [
      { code: 'sku-twice', path: 'buffers.1.sku' },
      { code: 'sku-twice', path: 'buffers.2.sku' },
    ],
  });
  expect(await json('/v1/channels/amazon/buffers')).toEqual({ channel: 'amazon', buffers: [] });
});

test('the query and the stream know the channel', async () => {
  await central.put('/v1/channels/amazon', { warehouses: ['HAM1'] });
  const answer = await (await central.post('/v1/availability/query', { skus: ['A'], channel: 'amazon' })).json();
  expect(answer).toMatchObject({ channel: 'amazon', answers: [{ channel: 'amazon', available: 5 }] });
  const reader = await EventReader.open(`${central.api.url}/v1/availability/stream?sku=A&channel=amazon`);
  await reader.until(({ events }) => events.at(-1)?.data.available === 5);
  await central.move('HAM1', { sku: 'A', quantity: 1 });
  await reader.until(({ events }) => events.at(-1)?.data.available === 6);
  reader.close();
});

test.each([
  ['The Shop', {}],
  ['amazon', { buffer: -1 }],
  ['amazon', { warehouses: ['no warehouse'] }],
  ['amazon', { warehouses: [] }],
  ['amazon', { warehouse: 'BER1' }],
])('refuses %s with %j', async (channel, body) => {
  expect((await central.put(`/v1/channels/${encodeURIComponent(channel)}`, body)).status).toBe(400);
  expect(await json('/v1/channels')).toMatchObject({ channels: [{ channel: 'default' }] });
});
