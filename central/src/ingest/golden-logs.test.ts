import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeUpBatch } from '@edgestock/shared/protocol/codec';
import { packed, sealed, unpackArray, unsealed } from '@edgestock/shared/protocol/packing';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { silentLog } from '@edgestock/shared/runtime/log';
import { type GoldenLog, goldenLog, goldenSchemas } from '@edgestock/shared/testing/golden-log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCentralReader, openCentralStore } from '../store/sqlite/open-central-store.ts';
import { digestWatchOf } from '../testing/digest-watch.ts';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { ControlDesk } from './control-desk.ts';
import { emptyIngestMetrics } from './ingest-metrics.ts';
import { Ingester } from './ingester.ts';
import { NodeCursors } from './node-cursors.ts';
import { StallWatch } from './stall-watch.ts';
import { StoreWrites } from './store-writes.ts';
import { WantedStates } from './wanted-states.ts';

const warehouse = warehouseOf('BER1');
let directory: string;
let store: ReturnType<typeof openCentralStore>;
let desk: ControlDesk;
let ingester: Ingester;
let metrics: ReturnType<typeof emptyIngestMetrics>;
let failures: unknown[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-golden-'));
  store = openCentralStore(join(directory, 'central.db'));
  // Later than anything that is in the logs.
  const clock = new VirtualClock({ now: 1_900_000_000_000 });
  const cursors = new NodeCursors([], clock);
  const wanted = new WantedStates(store, clock);
  metrics = emptyIngestMetrics();
  failures = [];
  const common = { store, cursors, wanted, metrics, clock, log: silentLog };
  const digests = digestWatchOf(store, clock, metrics);
  const stalls = new StallWatch({ cursors, clock, isStoreFull: () => false });
  desk = new ControlDesk({
    ...common,
    digests,
    stalls,
    centralEpoch: 1,
    onDownCursor: () => undefined,
    onPlaceStated: async () => undefined,
  });
  ingester = new Ingester({
    ...common,
    digests,
    writes: new StoreWrites({ clock, random: seededRandom(1), log: silentLog }),
    yieldTurn: async () => undefined,
    onCommitted: () => undefined,
    onDownAcknowledged: () => undefined,
    onFailed: (error) => failures.push(error),
  });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true });
});

const enrol = (body: object) => desk.enrol(warehouse, JSON.stringify(body));
const beat = (body: object) => desk.heartbeat(warehouse, JSON.stringify(body));

/** Hands the messages over one after the other; resolves when each was acknowledged. */
async function deliver(messages: readonly Uint8Array[]): Promise<void> {
  for (const bytes of messages) {
    await new Promise<void>((resolve) => {
      void ingester.accept({ lane: 'up', subjectWarehouse: warehouse, bytes, acknowledge: resolve });
    });
  }
}

function quarantined() {
  const { reader, close } = openCentralReader(join(directory, 'central.db'));
  return reader.quarantined({ limit: 100 }).finally(close);
}

/** What the newest schema has and theirs had not is as if it had always been empty. */
const positionsOf = ({ positions }: GoldenLog) =>
  positions.map(({ sku, version, sequence, at, ...quantities }) =>
    expect.objectContaining({ sku, version, sequence, ...quantities }),
  );

describe.each(goldenSchemas)('a node that writes schema %i', (schema) => {
  const golden = goldenLog(schema);
  const { sequence, hash } = golden.heartbeat.place;

  it('is enrolled and understood: its log is applied whole, and comes to its positions', async () => {
    expect(golden.up.map((bytes) => decodeUpBatch(bytes).schema)).toContain(schema);
    expect(await enrol(golden.enrolment)).toMatchObject({ outcome: 'enrolled', epoch: 1, centralEpoch: 1 });
    await deliver(golden.up);
    expect(failures).toEqual([]);
    expect(await store.positionsOf(warehouse, undefined, 10)).toEqual(positionsOf(golden));
    expect(metrics).toMatchObject({ batchesGap: 0, messagesRejected: 0, deltasApplied: sequence, digestsDiffering: 0 });
    expect(metrics.digestsCompared > 0).toBe(schema >= 3);
    expect(await quarantined()).toEqual([]);
    const reply = await beat(golden.heartbeat);
    expect(reply).toMatchObject({ applied: sequence, hash, schema: [SCHEMA_MIN, SCHEMA_MAX] });
    expect([reply?.fence, reply?.need, reply?.wanted]).toEqual([undefined, undefined, undefined]);
  });

  it('changes nothing by sending all of it again', async () => {
    await enrol(golden.enrolment);
    await deliver([...golden.up, ...golden.up]);
    expect(metrics).toMatchObject({ batchesDuplicate: golden.up.length + duplicatesOf(golden), batchesFenced: 0 });
    expect(await store.positionsOf(warehouse, undefined, 10)).toEqual(positionsOf(golden));
  });

  it('may say more than central knows, and leave out what was not there from the beginning', async () => {
    const later = { tomorrow: { word: 1 }, place: { ...golden.enrolment.place, seen: true } };
    expect(await enrol({ ...golden.enrolment, ...later })).toMatchObject({ outcome: 'enrolled' });
    await deliver(golden.up);
    const { down: _, fence: __, ...atFirst } = golden.heartbeat;
    expect(await beat(atFirst)).toMatchObject({ applied: sequence });
    expect(await beat({ ...golden.heartbeat, tomorrow: [1, 2] })).toMatchObject({ applied: sequence });
  });
});

/** A batch that only states a digest is a duplicate the first time. */
function duplicatesOf({ up }: GoldenLog): number {
  let applied = 0;
  return up
    .map((bytes) => decodeUpBatch(bytes))
    .filter(({ lastSequence }) => {
      const isKnown = lastSequence <= applied;
      applied = Math.max(applied, lastSequence);
      return isKnown;
    }).length;
}

describe('a node of the next schema', () => {
  const NEXT = SCHEMA_MAX + 1;
  /** As it will be one day: fields behind those of today in delta, state and batch, and a kind of movement that nobody knows. */
  function nextLog(): NodeLog {
    const log = new NodeLog('BER1');
    log.record('A', 5);
    log.record('B', 7);
    log.record('A', -2, { kind: 99 });
    const ahead = log.deltas.map((bytes, index) => {
      const fields = [...unpackArray(bytes, 8)];
      const state = [...(fields[5] as number[])];
      while (state.length < 9) state.push(0);
      fields[5] = [...state, 41];
      // No details, in the form that leaves room for what comes behind them.
      while (fields.length < 9) fields.push([0]);
      return index === 1 ? packed([...fields, 'what tomorrow brings']) : packed(fields);
    });
    const next = new NodeLog('BER1');
    for (const bytes of ahead) next.append(bytes);
    for (const [sku, position] of log.positions) next.positions.set(sku, position);
    return next;
  }
  const sent = (log: NodeLog, first: number, last: number) => {
    const fields = [...unsealed(log.bytes(first, last), 12)];
    fields[8] = NEXT;
    return sealed([...fields.slice(0, 11), null, 'more of tomorrow']);
  };

  it('is enrolled, and told what central reads; what is known is applied, the unknown kept as it came, its SKU repaired', async () => {
    const log = nextLog();
    expect(await enrol({ ...log.enrolRequest(), schema: [1, NEXT] })).toMatchObject({ outcome: 'enrolled' });
    await deliver([sent(log, 1, 2), sent(log, 3, 3)]);
    expect(failures).toEqual([]);
    const kept = await quarantined();
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ reason: 'delta', detail: expect.stringContaining('movement kind 99') });
    const onHand = async () =>
      (await store.positionsOf(warehouse, undefined, 10)).map((position) => [
        position.sku,
        position.onHand,
        position.isSuspect,
      ]);
    expect(await onHand()).toEqual([
      ['A', 5, true],
      ['B', 7, false],
    ]);
    const reply = await beat({ ...log.heartbeatRequest(), schema: [1, NEXT] });
    expect(reply).toMatchObject({ applied: 3, schema: [SCHEMA_MIN, SCHEMA_MAX], wanted: ['A'] });
    await new Promise<void>((resolve) => {
      const bytes = log.stateBytes([skuOf('A')]);
      void ingester.accept({ lane: 'state', subjectWarehouse: warehouse, bytes, acknowledge: resolve });
    });
    expect(await onHand()).toEqual([
      ['A', 3, false],
      ['B', 7, false],
    ]);
  });
});
