import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHashOver, genesisHash } from '@edgestock/shared/protocol/chain';
import { decodeDownBatch } from '@edgestock/shared/protocol/codec';
import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { DOWN_STREAM, downConsumer, downSubject } from '@edgestock/shared/protocol/subjects';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import { type ConsumerMessages, Events, type NatsConnection } from 'nats';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { InMemoryDownLogs } from '../testing/down-log.ts';
import { warehouseOf } from '../testing/node-log.ts';
import { emptyDownMetrics } from './down-metrics.ts';
import { DownPublisher } from './down-publisher.ts';
import { JetStreamDown } from './jetstream-down.ts';

const SOON = { timeout: 15_000, interval: 20 };
const runtime = { clock: systemClock, random: systemRandom, log: silentLog };
const EPOCH = 7;
const BER1 = warehouseOf('BER1');
const HAM1 = warehouseOf('HAM1');

const owner = { store: 'c0ffee', place: 'a test' };
let broker: NatsServer;
let connection: NatsConnection;
let logs: InMemoryDownLogs;
let publisher: DownPublisher;
let metrics = emptyDownMetrics();
const failures: unknown[] = [];
let nodes: HandMadeNode[];

beforeEach(async () => {
  broker = await startNatsServer();
  connection = await connected('central');
  logs = new InMemoryDownLogs();
  nodes = [];
  failures.length = 0;
  newPublisher();
  for (const warehouse of [BER1, HAM1]) logs.enrol(warehouse);
  publisher.attach(new JetStreamDown(connection, owner));
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === Events.Disconnect) publisher.linkChanged(false);
      if (type === Events.Reconnect) publisher.linkChanged(true);
    }
  })();
});

afterEach(async () => {
  expect(failures).toEqual([]);
  await publisher.stop();
  await Promise.all(nodes.map((node) => node.stop()));
  await connection.close();
  await broker.stop();
});

function newPublisher(): void {
  metrics = emptyDownMetrics();
  const onFailed = (error: unknown) => void failures.push(error);
  publisher = new DownPublisher({
    store: logs,
    centralEpoch: EPOCH,
    metrics,
    ...runtime,
    onAhead: async () => false,
    onFailed,
  });
}

function connected(name: string): Promise<NatsConnection> {
  return connectForEver({ url: broker.url, name, retryDelayMs: { min: 20, max: 100 }, ...runtime });
}

/** The rules of a node, without the node: contiguous directives of the chain are carried out, everything else is dropped. */
class HandMadeNode {
  readonly warehouse: WarehouseId;
  readonly reasons: string[] = [];
  readonly interruptions: unknown[] = [];
  sequence = 0;
  hash = genesisHash;
  isMissingSome = false;
  /** Drops what comes, as a node does that is restarted in the middle. */
  isDeaf = false;
  readonly #connection: NatsConnection;
  readonly #cancel: () => void;
  #messages: ConsumerMessages | undefined;
  #isStopped = false;
  readonly #done: Promise<void>;

  private constructor(warehouse: WarehouseId, own: NatsConnection) {
    this.warehouse = warehouse;
    this.#connection = own;
    this.#cancel = systemClock.every(50, () => void this.beat());
    this.#done = this.#consume();
  }

  static async start(warehouse: WarehouseId): Promise<HandMadeNode> {
    const node = new HandMadeNode(warehouse, await connected(warehouse));
    nodes.push(node);
    await node.beat();
    return node;
  }

  beat(): Promise<void> {
    const hash = Buffer.from(this.hash).toString('hex');
    const need = this.isMissingSome ? { need: true } : {};
    return publisher.heard(this.warehouse, { centralEpoch: EPOCH, sequence: this.sequence, hash, ...need });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    this.#messages?.stop();
    await this.#done;
    await this.#connection.close();
  }

  async #consume(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const consumer = await this.#connection.jetstream().consumers.get(DOWN_STREAM, downConsumer(this.warehouse));
        const messages = await consumer.consume({
          max_messages: 16,
          idle_heartbeat: 500,
          abort_on_missing_resource: true,
        });
        this.#messages = messages;
        for await (const message of messages) {
          if (!this.isDeaf) this.#carryOut(message.data);
          message.ack();
        }
      } catch (error) {
        // The stream, the consumer or the broker is not there: looked for again, as a node does.
        this.interruptions.push(error);
      }
      await systemClock.sleep(50);
    }
  }

  #carryOut(bytes: Uint8Array): void {
    const { warehouse, centralEpoch, firstSequence, lastSequence, directives } = decodeDownBatch(bytes);
    expect({ warehouse, centralEpoch }).toEqual({ warehouse: this.warehouse, centralEpoch: EPOCH });
    if (lastSequence <= this.sequence) return;
    if (firstSequence > this.sequence + 1) {
      this.isMissingSome = true;
      return;
    }
    const fresh = directives.slice(this.sequence + 1 - firstSequence);
    for (const directive of fresh) {
      const decoded = decodeDirective(directive);
      this.reasons.push(decoded?.kind === 'release' ? decoded.reason : 'another one');
    }
    this.hash = chainHashOver(this.hash, fresh);
    this.sequence = lastSequence;
    this.isMissingSome = false;
  }
}

let written = 0;
function direct(warehouse: WarehouseId, count: number): void {
  for (let index = 0; index < count; index += 1) {
    written += 1;
    logs.append(warehouse, { kind: 'release', task: 'T.1', lines: [], reason: `reason ${written}` });
  }
  publisher.wake([warehouse]);
}

async function carriedOutAll(node: HandMadeNode): Promise<void> {
  const head = (await logs.downHead(node.warehouse))?.sequence ?? 0;
  await expect.poll(() => node.sequence, SOON).toBe(head);
  expect(Buffer.from(node.hash).toString('hex')).toBe(logs.hashAt(node.warehouse, head));
}

it('brings each node its own directives, all of them, in order', async () => {
  const ber = await HandMadeNode.start(BER1);
  const ham = await HandMadeNode.start(HAM1);
  const before = written;
  direct(BER1, 450);
  direct(HAM1, 3);
  await carriedOutAll(ber);
  await carriedOutAll(ham);
  expect(ber.reasons).toEqual(Array.from({ length: 450 }, (_, index) => `reason ${before + index + 1}`));
  expect(ham.reasons).toHaveLength(3);
  await expect.poll(() => publisher.takeCarriedOut().map(({ sequence }) => sequence), SOON).not.toEqual([]);
  expect(metrics.rewinds).toBe(0);
});

it('sends nothing to a node that has not said where it stands, as one of the first schema never does', async () => {
  direct(BER1, 3);
  await HandMadeNode.start(HAM1);
  direct(HAM1, 1);
  const manager = await connection.jetstreamManager();
  const subjects = async () =>
    Object.keys((await manager.streams.info(DOWN_STREAM, { subjects_filter: '>' })).state.subjects ?? {});
  await expect.poll(subjects, SOON).toEqual([downSubject(HAM1)]);
});

it('goes on after the broker was killed with -9 and restarted', async () => {
  const node = await HandMadeNode.start(BER1);
  direct(BER1, 10);
  await carriedOutAll(node);
  await broker.kill();
  direct(BER1, 10);
  await broker.restart();
  await carriedOutAll(node);
  direct(BER1, 10);
  await carriedOutAll(node);
  expect(node.reasons).toHaveLength(30);
});

it('makes the stream again when it was deleted, and sends again what was in it', async () => {
  const node = await HandMadeNode.start(BER1);
  direct(BER1, 5);
  await carriedOutAll(node);
  node.isDeaf = true;
  direct(BER1, 5);
  const manager = await connection.jetstreamManager();
  await expect.poll(async () => (await manager.streams.info(DOWN_STREAM)).state.messages, SOON).toBeGreaterThan(1);
  await manager.streams.delete(DOWN_STREAM);
  node.isDeaf = false;
  direct(BER1, 1);
  await carriedOutAll(node);
  expect(node.reasons).toHaveLength(11);
});

it('sends again from where the node stands when it misses some', async () => {
  const node = await HandMadeNode.start(BER1);
  direct(BER1, 5);
  await carriedOutAll(node);
  // What is under way is lost at the node: it was acknowledged, and dropped.
  node.isDeaf = true;
  direct(BER1, 5);
  const manager = await connection.jetstreamManager();
  const acked = async () => (await manager.consumers.info(DOWN_STREAM, downConsumer(BER1))).ack_floor.stream_seq;
  await expect.poll(acked, SOON).toBeGreaterThan(1);
  node.isDeaf = false;
  await systemClock.sleep(centralLimits.needRepeatMs);
  direct(BER1, 1);
  await expect.poll(() => metrics.rewinds, SOON).toBeGreaterThan(0);
  await carriedOutAll(node);
  expect(node.reasons).toHaveLength(11);
});

it('makes the consumer of a node again when it was deleted, once nothing moves', async () => {
  const node = await HandMadeNode.start(BER1);
  direct(BER1, 2);
  await carriedOutAll(node);
  const manager = await connection.jetstreamManager();
  await manager.consumers.delete(DOWN_STREAM, downConsumer(BER1));
  // Another life of the publisher: the first word of a node makes sure of everything.
  await publisher.stop();
  newPublisher();
  publisher.attach(new JetStreamDown(connection, owner));
  direct(BER1, 2);
  await carriedOutAll(node);
});

it('sends nothing to a node with a cursor of another history, and says so once', async () => {
  direct(BER1, 3);
  const hash = '1'.repeat(64);
  await publisher.heard(BER1, { centralEpoch: EPOCH, sequence: 2, hash });
  await publisher.heard(BER1, { centralEpoch: EPOCH, sequence: 2, hash });
  expect(metrics.cursorFaults).toBe(1);
  expect(metrics.batchesSent).toBe(0);
  // An operator has mended it.
  await publisher.heard(BER1, { centralEpoch: EPOCH, sequence: 2, hash: logs.hashAt(BER1, 2) });
  expect(metrics.cursorFaults).toBe(0);
  await expect.poll(() => metrics.directivesSent, SOON).toBe(1);
});
