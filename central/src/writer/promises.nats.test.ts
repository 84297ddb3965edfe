import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chainHashOver, genesisHash } from '@edgestock/shared/protocol/chain';
import { decodeDownBatch } from '@edgestock/shared/protocol/codec';
import type { EnrolReply, HeartbeatReply, LastUnitsReply } from '@edgestock/shared/protocol/control';
import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';
import {
  DOWN_STREAM,
  downConsumer,
  enrolSubject,
  heartbeatSubject,
  lastUnitsSubject,
  upSubject,
} from '@edgestock/shared/protocol/subjects';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import type { JsMsg, NatsConnection } from 'nats';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { PromiseCommand } from '../rules/promise-command.ts';
import { type OpenReader, openCentralReader } from '../store/sqlite/open-central-store.ts';
import { NodeLog, skuOf } from '../testing/node-log.ts';
import { Writer } from './writer.ts';

const SOON = { timeout: 15_000, interval: 20 };
const retryDelayMs = { min: 20, max: 100 };
const runtime = { clock: systemClock, random: systemRandom, log: silentLog };
/** Nothing lasting fails here. */
const rethrown = (error: Error) => {
  throw error;
};
const A = skuOf('A');

let broker: NatsServer;
let directory: string;
let writer: Writer;
let connection: NatsConnection;
let open: OpenReader;
let log: NodeLog;

beforeEach(async () => {
  broker = await startNatsServer();
  directory = await mkdtemp(join(tmpdir(), 'edgestock-writer-'));
  const databasePath = join(directory, 'central.db');
  writer = new Writer(
    { natsUrls: [broker.url], store: { kind: 'sqlite', path: databasePath }, logLevel: 'silent', retryDelayMs },
    { ...runtime, onLasting: rethrown, onDamaged: (reason) => rethrown(new Error(reason)) },
  );
  await writer.ready;
  open = openCentralReader(databasePath);
  connection = await connectForEver({ url: broker.url, name: 'test node', retryDelayMs, ...runtime });
  log = new NodeLog('BER1');
  expect(await ask<EnrolReply>(enrolSubject(log.warehouse), log.enrolRequest())).toMatchObject({ outcome: 'enrolled' });
});

afterEach(async () => {
  await writer.stop();
  open.close();
  await connection.close();
  await broker.stop();
  await rm(directory, { recursive: true });
});

/** Repeats a request until it is answered: central may not be there yet. */
async function ask<Reply>(subject: string, body: object): Promise<Reply> {
  for (;;) {
    try {
      return (await connection.request(subject, JSON.stringify(body), { timeout: 1_000 })).json<Reply>();
    } catch {
      await systemClock.sleep(50);
    }
  }
}

/** Goods arrive and all of them are granted to central, which knows of it when this resolves. */
async function receive(units: number): Promise<void> {
  const sequence = log.record('A', units);
  const publish = () => connection.jetstream().publish(upSubject(log.warehouse), log.bytes(sequence, sequence));
  await expect
    .poll(
      () =>
        publish()
          .then(() => true)
          .catch(() => false),
      SOON,
    )
    .toBe(true);
  await expect.poll(async () => (await open.reader.warehouse(log.warehouse))?.appliedUpTo, SOON).toBe(sequence);
}

const reserveCommand = (id: string, quantity = 1): PromiseCommand => ({
  command: 'reserve',
  id,
  channel: DEFAULT_CHANNEL,
  owner: 'cart',
  expiresAt: systemClock.now() + 60_000,
  ttlSeconds: 60,
  lines: [{ sku: A, quantity }],
  isPartial: false,
  idempotency: { key: id, fingerprint: id },
});
const available = async () => (await open.reader.availability(A, DEFAULT_CHANNEL)).available;
const lastUnits = (quantity: number, change: object = {}) => ({
  warehouse: 'BER1',
  instance: log.instance,
  lines: [{ sku: 'A', quantity }],
  ...change,
});

/**
 * The next message down, or `null` when none comes. As a node does, it asks again when there is no answer: central makes the
 * consumer meanwhile, and a broker tells of a consumer a moment before one can ask it (error 503, "no responders").
 */
async function nextDown(): Promise<JsMsg | null> {
  let message: JsMsg | null | undefined;
  const next = async () => {
    const consumer = await connection.jetstream().consumers.get(DOWN_STREAM, downConsumer(log.warehouse));
    return consumer.next({ expires: 5_000 });
  };
  const answer = async () => {
    message = await next().catch(() => undefined);
    return message;
  };
  await expect.poll(answer, SOON).toBeDefined();
  return message ?? null;
}

/** Carries out what comes down and says so in heartbeats, as a node does. */
async function carryOut(until: (kinds: readonly string[]) => boolean): Promise<readonly string[]> {
  const kinds: string[] = [];
  let cursor = { centralEpoch: 1, sequence: 0, hash: genesisHash };
  const beat = () => {
    const down = { ...cursor, hash: Buffer.from(cursor.hash).toString('hex') };
    return ask<HeartbeatReply>(heartbeatSubject(log.warehouse), log.heartbeatRequest({ down }));
  };
  await beat();
  while (!until(kinds)) {
    const message = await nextDown();
    if (message === null) throw new Error(`nothing came after ${kinds.join(', ')}`);
    message.ack();
    const { firstSequence, lastSequence, directives } = decodeDownBatch(message.data);
    if (lastSequence <= cursor.sequence) continue;
    expect(firstSequence).toBeLessThanOrEqual(cursor.sequence + 1);
    const fresh = directives.slice(cursor.sequence + 1 - firstSequence);
    kinds.push(...fresh.map((bytes) => decodeDirective(bytes)?.kind ?? 'unknown'));
    cursor = { ...cursor, sequence: lastSequence, hash: chainHashOver(cursor.hash, fresh) };
    await beat();
  }
  const head = async () => (await open.reader.downHead(log.warehouse))?.carriedOut;
  await expect.poll(head, SOON).toBe(cursor.sequence);
  return kinds;
}

it('promises beside ingest, each command with its own outcome, and tells of the change first', async () => {
  await receive(3);
  const heard: string[] = [];
  writer.onChange((changes) => heard.push(...changes.map(({ sku }) => `changed ${sku}`)));
  const outcomes = await Promise.all(
    ['R1', 'R2', 'R3', 'R4', 'R5'].map(async (id) => {
      const { outcome } = await writer.promise(reserveCommand(id));
      heard.push(outcome);
      return outcome;
    }),
  );
  expect(outcomes).toEqual(['reserved', 'reserved', 'reserved', 'insufficient', 'insufficient']);
  expect(heard[0]).toBe('changed A');
  expect(await available()).toBe(0);
});

it('brings a promise that became firm to its node, and knows when it was carried out', async () => {
  await receive(3);
  await writer.promise(reserveCommand('R1', 2));
  expect(await writer.promise({ command: 'confirm', reservation: 'R1' })).toMatchObject({ outcome: 'order' });
  const kinds = await carryOut((seen) => seen.includes('allocate'));
  // Its policy first, from when it was enrolled.
  expect(kinds).toEqual(['policy', 'allocate']);
});

it('gives a node its last units back at once, and the same totals by its log', async () => {
  await receive(5);
  await writer.promise(reserveCommand('R1', 3));
  const startedMs = systemClock.monotonicMs();
  expect(await ask<LastUnitsReply>(lastUnitsSubject(log.warehouse), lastUnits(4))).toEqual({
    lines: [{ sku: 'A', returned: 2 }],
  });
  // A node's next heartbeat is seconds away.
  expect(systemClock.monotonicMs() - startedMs).toBeLessThan(1_000);
  expect(await available()).toBe(0);
  // Once more: there is nothing more to give, and the total says so.
  expect(await ask<LastUnitsReply>(lastUnitsSubject(log.warehouse), lastUnits(4))).toEqual({
    lines: [{ sku: 'A', returned: 2 }],
  });
  expect(await carryOut((seen) => seen.includes('quota-return'))).toEqual(['policy', 'quota-return']);
});

it('leaves a malformed request for last units unanswered, and gives nothing', async () => {
  await receive(5);
  for (const body of [lastUnits(0), lastUnits(1, { instance: 'somebody-else' }), {}]) {
    const asked = connection.request(lastUnitsSubject(log.warehouse), JSON.stringify(body), { timeout: 200 });
    await expect(asked).rejects.toThrow();
  }
  expect(await available()).toBe(5);
});

it('ends a reservation by itself right when its time is over, and not only with the next second', async () => {
  await receive(1);
  const latenesses: number[] = [];
  for (const id of ['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7']) {
    const expiresAt = systemClock.now() + 100;
    await writer.promise({ ...reserveCommand(id), expiresAt } as PromiseCommand);
    expect(await available()).toBe(0);
    await expect.poll(available, { ...SOON, interval: 5 }).toBe(1);
    latenesses.push(systemClock.now() - expiresAt);
  }
  // By a sweep once a second it would be half a second; of seven a busy machine may delay three.
  expect(latenesses.toSorted((a, b) => a - b)[3]).toBeLessThan(250);
});

it('fails what waits when its thread dies, worth another try: which finds the first answer, and nothing twice (P9)', async () => {
  await receive(500);
  const commands = Array.from({ length: 400 }, (_, index) => reserveCommand(`R${index}`));
  const outcomes = commands.map((command) => writer.promise(command).catch((error: unknown) => error));
  await Promise.race(outcomes);
  await writer.crash();
  const settled = await Promise.all(outcomes);
  for (const outcome of settled) {
    if (outcome instanceof Error) expect(outcome).toMatchObject({ failure: 'interrupted', retryable: true });
    else expect(outcome).toMatchObject({ outcome: 'reserved' });
  }
  const again = await Promise.all(
    commands.map(async (command) => {
      for (;;) {
        const outcome = await writer.promise(command).catch(() => undefined);
        if (outcome !== undefined) return outcome;
        await systemClock.sleep(20);
      }
    }),
  );
  expect(again.map(({ outcome }) => outcome)).toEqual(commands.map(() => 'reserved'));
  expect(await available()).toBe(100);
});
