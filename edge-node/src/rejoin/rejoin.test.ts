import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { LogBeginning, RejoinReply, RejoinRequest } from '@edgestock/shared/protocol/rejoin';
import { chunkHash, snapshotRoot } from '@edgestock/shared/protocol/snapshot';
import { encodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import { must } from '@edgestock/shared/runtime/assert';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REJOIN_DIRECTORY } from '../store/adopted-books.ts';
import { sku, TestSite } from '../testing/site.ts';
import { CentralUnheard, Rejoin, RejoinRefused, type RejoinStatus } from './rejoin.ts';
import { readRejoin } from './rejoin-file.ts';
import { takeUp } from './take-up.ts';

/** The life that central knows, and the node that goes on. */
let lost: TestSite;
let site: TestSite;
let clock: VirtualClock;
let rejoin: Rejoin;
let central: CentralOf;
let ready: number;
beforeEach(async () => {
  lost = new TestSite();
  site = new TestSite();
  clock = new VirtualClock();
  for (let count = 0; count < 12; count += 1) await lost.move('receive', [{ sku: sku('A'), quantity: 1 }]);
  central = new CentralOf(lost);
  ready = 0;
  rejoin = begin();
});
afterEach(async () => {
  await rejoin.stop();
  lost.dispose();
  site.dispose();
});

const begin = () =>
  new Rejoin({
    dataDir: site.dataDir,
    log: site.store.outbox,
    request: (_subject, body) => central.answer(body as RejoinRequest),
    clock,
    random: systemRandom,
    events: silentLog,
    onReady: () => {
      ready += 1;
    },
  });

/** Lets everything happen that waits for a turn or for a second. */
async function until(phase: RejoinStatus['phase']): Promise<void> {
  for (let turn = 0; turn < 2_000 && rejoin.status()?.phase !== phase; turn += 1) {
    await clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(rejoin.status()?.phase).toBe(phase);
}

/** Central's side, of a log in batches of three; what is asked is kept. */
class CentralOf {
  readonly asked: RejoinRequest[] = [];
  isCut = false;
  /** What it answers instead; absent = what it should. */
  instead: ((request: RejoinRequest) => RejoinReply | undefined) | undefined;
  readonly #site: TestSite;
  /** What its log begins with; absent = it has all of it. */
  snapshot: LogBeginning | undefined;
  #chunks: readonly Buffer[] = [];

  constructor(ofSite: TestSite) {
    this.#site = ofSite;
  }

  /** Central has been new since: all that it has of before a place is a snapshot, a row to a chunk. */
  beginWithSnapshot(sequence: number): void {
    const { outbox } = this.#site.store;
    outbox.setAppliedUpTo(sequence);
    outbox.trim({ agedUpTo: sequence, rowsMax: 100 });
    const { rows } = outbox.snapshotRowsAfter('', 100);
    const identity = { ...outbox.identity(), epoch: 1 };
    this.#chunks = rows.map((row, index) =>
      encodeSnapshotChunk({ ...identity, sequence, index, schema: 3, rows: [row] }),
    );
    const hash = must(outbox.hashAt(sequence), 'a hash');
    const root = snapshotRoot({ ...identity, sequence, hash, rows: rows.length }, this.#chunks.map(chunkHash));
    const sizes = { rows: rows.length, chunks: rows.length, at: 1 };
    this.snapshot = { ...identity, sequence, hash: hexOf(hash), ...sizes, root: root.toString('hex') };
  }

  get #begins() {
    return this.snapshot && { sequence: this.snapshot.sequence, hash: this.snapshot.hash };
  }

  async answer(request: RejoinRequest): Promise<RejoinReply> {
    if (this.isCut) throw new Error('no answer');
    this.asked.push(request);
    return this.instead?.(request) ?? this.#answer(request);
  }

  #answer(request: RejoinRequest): RejoinReply {
    const { sequence, hash } = this.#site.store.outbox.head();
    const place = { applied: sequence, hash: Buffer.from(hash).toString('hex') };
    switch (request.ask) {
      case 'look':
        return {
          ...{ outcome: 'known', epoch: 1, ...place, isOwner: false, knownAt: 5, time: 9 },
          ...(this.#begins === undefined ? {} : { beginsAt: this.#begins }),
        };
      case 'take-over':
        return {
          ...{ outcome: 'taken-over', epoch: 2, ...place, recount: 'moved', lost: 0, statesAhead: 0 },
          down: { centralEpoch: 0, sequence: 0, hash: '0'.repeat(64) },
          window: { from: 5, to: 9 },
          ...(this.snapshot === undefined ? {} : { snapshot: this.snapshot }),
        };
      case 'snapshot':
        return { outcome: 'snapshot', chunk: must(this.#chunks[request.index], 'a chunk').toString('base64') };
      case 'states':
        return { outcome: 'states', states: [] };
      case 'log': {
        const slice = this.#site.store.outbox.slice(request.after, { deltasMax: 3, bytesMax: 1e6 });
        if (slice === undefined) return { outcome: 'log', batches: [] };
        const identity = { ...this.#site.store.outbox.identity(), epoch: 1 };
        const bytes = encodeUpBatch({ ...identity, ...slice, schema: 2, downAck: 0 });
        return { outcome: 'log', batches: [Buffer.from(bytes).toString('base64')] };
      }
    }
  }
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const nothingIsLeft = () => {
  expect(readRejoin(site.dataDir)).toBeUndefined();
  expect(existsSync(join(site.dataDir, REJOIN_DIRECTORY))).toBe(false);
};

describe('a rejoin', () => {
  it('shows what central knows, and changes nothing', async () => {
    expect(await rejoin.look()).toMatchObject({ epoch: 1, applied: 12 });
    expect(rejoin.status()).toBeUndefined();
    nothingIsLeft();
  });

  it('takes over with an instance of its own, takes the log back, and is ready once', async () => {
    rejoin.begin({ sawEpoch: 1, recount: 'none' });
    await until('ready');
    expect(ready).toBe(1);
    const [asked] = central.asked;
    expect(asked).toMatchObject({ ask: 'take-over', sawEpoch: 1, recount: 'none' });
    expect(must(asked, 'a request').instance).not.toBe(site.store.outbox.identity().instance);
    expect(readRejoin(site.dataDir)).toMatchObject({ taken: { epoch: 2 }, statesAhead: [] });
  });

  it('asked for once more when it is ready, before the node has stopped for it, stays as it is', async () => {
    rejoin.begin({ sawEpoch: 1 });
    await until('ready');
    const before = readRejoin(site.dataDir);
    expect(rejoin.begin({ sawEpoch: 1 })).toEqual({ phase: 'ready', epoch: 2 });
    expect(readRejoin(site.dataDir)).toEqual(before);
    expect(existsSync(join(site.dataDir, REJOIN_DIRECTORY))).toBe(true);
  });

  it('waits for a central that does not answer, and goes on where it was, as the same one', async () => {
    central.instead = (request) => {
      if (request.ask === 'log' && request.after === 6) central.isCut = true;
      return undefined;
    };
    rejoin.begin({ sawEpoch: 1 });
    await until('taking-back');
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await rejoin.stop();
    central.isCut = false;
    central.instead = undefined;
    const before = central.asked.length;
    rejoin = begin();
    rejoin.resume();
    await until('ready');
    const after = central.asked.slice(before);
    expect(after.every(({ ask }) => ask === 'log')).toBe(true);
    expect(new Set(central.asked.map(({ instance }) => instance)).size).toBe(1);
    expect(after[0]).toMatchObject({ ask: 'log' });
    expect(after.some((request) => request.ask === 'log' && request.after === 0)).toBe(false);
  });

  it.each([
    ['that central refuses', { outcome: 'refused', reason: 'overtaken', hint: 'look again' }, 'overtaken'],
    ['whose log has a gap', { outcome: 'log', batches: [] }, 'cannot be given back whole'],
    ['whose log is damaged', { outcome: 'log', batches: ['AAAA'] }, 'cannot be read'],
  ] as const)('%s changes nothing and says so', async (_what, reply, reason) => {
    central.instead = (request) => {
      const isDue = reply.outcome === 'log' ? request.ask === 'log' && request.after > 0 : true;
      return isDue
        ? ({ ...reply, ...('batches' in reply ? { batches: [...reply.batches] } : {}) } as RejoinReply)
        : undefined;
    };
    const { head } = { head: site.store.outbox.head() };
    rejoin.begin({ sawEpoch: 1 });
    await until('failed');
    expect(rejoin.status()).toMatchObject({ reason: expect.stringContaining(reason) });
    expect(ready).toBe(0);
    expect(site.store.outbox.head()).toEqual(head);
    nothingIsLeft();
  });

  it('of a log that is not the one central said is not taken up', async () => {
    central.instead = (request) =>
      request.ask === 'take-over'
        ? {
            ...{ outcome: 'taken-over', epoch: 2, applied: 12, hash: '1'.repeat(64), recount: 'moved', lost: 0 },
            ...{
              statesAhead: 0,
              down: { centralEpoch: 0, sequence: 0, hash: '0'.repeat(64) },
              window: { from: 0, to: 0 },
            },
          }
        : undefined;
    rejoin.begin({ sawEpoch: 1 });
    await until('failed');
    nothingIsLeft();
  });

  it('asked for without a link, or with a refusal, tells so at once', async () => {
    central.isCut = true;
    await expect(rejoin.look()).rejects.toThrow(CentralUnheard);
    central.isCut = false;
    central.instead = () => ({ outcome: 'refused', reason: 'no node', hint: 'start it' });
    await expect(rejoin.look()).rejects.toThrow(RejoinRefused);
  });
});

describe('a rejoin where the log of central begins with a snapshot', () => {
  beforeEach(async () => {
    for (const name of ['B', 'C']) await lost.move('receive', [{ sku: sku(name), quantity: 3, bin: 'A-1' }]);
    central.beginWithSnapshot(14);
    await lost.move('sale', [{ sku: sku('B'), quantity: 1 }]);
  });

  const finished = async () => {
    await until('ready');
    await rejoin.stop();
    const { warehouse } = lost.store.outbox.identity();
    site.restart(() => takeUp({ dataDir: site.dataDir, warehouse, clock, random: systemRandom }));
    for (const name of ['A', 'B', 'C']) {
      expect(site.store.shelves.position(sku(name))).toEqual(lost.store.shelves.position(sku(name)));
      expect(site.store.shelves.balances(sku(name))).toEqual(lost.store.shelves.balances(sku(name)));
    }
    expect(site.store.outbox.firstSequence()).toBe(15);
    expect(site.store.outbox.head()).toEqual(lost.store.outbox.head());
  };

  it('begins with that, and takes the log from there', async () => {
    rejoin.begin({ sawEpoch: 1, recount: 'none' });
    await finished();
    expect(central.asked[0]).toMatchObject({ ask: 'take-over', takesSnapshots: true });
    expect(central.asked.filter(({ ask }) => ask === 'snapshot')).toHaveLength(3);
  });

  it('begins the snapshot anew where it was interrupted, and counts nothing twice', async () => {
    central.instead = (request) => {
      if (request.ask === 'snapshot' && request.index === 1) central.isCut = true;
      return undefined;
    };
    rejoin.begin({ sawEpoch: 1 });
    await until('taking-back');
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await rejoin.stop();
    central.isCut = false;
    central.instead = undefined;
    rejoin = begin();
    rejoin.resume();
    await finished();
  });

  it('is given up where the snapshot is not what was said', async () => {
    central.snapshot = { ...must(central.snapshot, 'one'), root: '0'.repeat(64) };
    rejoin.begin({ sawEpoch: 1 });
    await until('failed');
    expect(rejoin.status()).toMatchObject({ reason: expect.stringContaining('not the one that central has taken') });
    nothingIsLeft();
  });

  it('is refused, before central decides, to a log that nobody can hold against it', async () => {
    await site.move('sale', [{ sku: sku('A'), quantity: 1 }]);
    rejoin.begin({ sawEpoch: 1 });
    await until('failed');
    expect(rejoin.status()).toMatchObject({ reason: expect.stringContaining('begins with a snapshot at 14') });
    expect(central.asked.map(({ ask }) => ask)).toEqual(['look']);
    expect(site.onHand('A')).toBe(-1);
  });
});
