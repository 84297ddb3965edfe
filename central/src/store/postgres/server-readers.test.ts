import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../../limits.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { ServerReaders } from './server-readers.ts';

let clock: VirtualClock;
let readers: ServerReaders;
let opened: number;
let close: () => void;
beforeEach(() => {
  clock = new VirtualClock();
  opened = 0;
  readers = new ServerReaders((onclose) => {
    opened += 1;
    close = onclose;
    // Connects when it is asked, which it never is here.
    return postgres('postgres://127.0.0.1:1/none', { types: { int8: BIGINT } });
  }, clock);
});
afterEach(() => readers.close());

const BIGINT = { to: 20, from: [20], serialize: String, parse: Number };
const lost = Object.assign(new Error('gone'), { code: 'CONNECTION_CLOSED' });

it('repeats a read whose connection was lost, once, on others', async () => {
  const clients = new Set<unknown>();
  const answers = [() => Promise.reject(lost), async () => 7];
  const read = readers.read((client) => {
    clients.add(client);
    return answers.shift()?.() ?? Promise.reject(new Error('asked too often'));
  });
  expect(await read).toBe(7);
  expect([opened, clients.size]).toEqual([2, 2]);
  await expect(readers.read(() => Promise.reject(lost))).rejects.toThrow(StoreUnavailable);
});

it('waits for an answer no longer than it may, and asks nobody any more who owes one', async () => {
  const read = readers.read(() => new Promise<number>(() => undefined));
  const refused = expect(read).rejects.toThrow('no answer within 15 s');
  await clock.advance(centralLimits.readAnswerMsMax);
  await refused;
  expect(opened).toBe(2);
});

it('opens others as soon as one has ended', async () => {
  close();
  expect(opened).toBe(2);
});

it('passes on what the server has answered', async () => {
  const answer = new Error('no such table');
  await expect(readers.read(() => Promise.reject(answer))).rejects.toBe(answer);
  expect(opened).toBe(1);
});
