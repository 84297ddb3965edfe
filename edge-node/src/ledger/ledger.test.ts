import { chainHashOver, genesisHash } from '@edgestock/shared/protocol/chain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';
import type { Idempotency, RecordMovements } from './command.ts';
import { LedgerUnavailable } from './ledger-unavailable.ts';

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.dispose());

const key = (text: string, fingerprint = 'body'): Idempotency => ({ scope: 'key', key: text, fingerprint });
const sale = (text: string, quantity: number, idempotency?: Idempotency): RecordMovements => ({
  type: 'record',
  kind: 'sale',
  lines: [{ sku: sku(text), quantity }],
  ...(idempotency && { idempotency }),
});

describe('a recorded command', () => {
  it('is there after a restart', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 10 }]);
    site.restart();
    expect(site.onHand('A')).toBe(10);
    expect(site.store.outbox.head().sequence).toBe(1);
  });

  it('numbers its movements without a gap, each on the state the last one left', async () => {
    const { movements } = await site.move('receive', [
      { sku: sku('A'), quantity: 10 },
      { sku: sku('B'), quantity: 5 },
      { sku: sku('A'), quantity: 1 },
    ]);
    expect(
      movements.map(({ sequence, line, position }) => [sequence, line, position.onHand, position.version]),
    ).toEqual([
      [1, 0, 10, 1],
      [2, 1, 5, 1],
      [3, 2, 11, 2],
    ]);
  });

  it('extends one hash chain over the stored bytes', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 10 }]);
    await site.record(sale('A', 3));
    const rows = site.store.movements.after(0, 10);
    const walked = chainHashOver(
      genesisHash,
      rows.map(({ delta }) => delta),
    );
    expect(Buffer.from(walked).equals(Buffer.from(site.store.outbox.head().hash))).toBe(true);
  });
});

describe('a command that comes twice (P9)', () => {
  it('gets the first answer again and changes nothing, also after a restart', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 1 }]);
    const first = await site.record(sale('A', 3, key('k')));
    site.restart();
    expect(await site.ledger.record(sale('A', 3, key('k')))).toEqual({ outcome: 'duplicate', first });
    expect(site.onHand('A')).toBe(-2);
  });

  it('is caught when both arrive in the same turn of the loop', async () => {
    const outcomes = await Promise.all([
      site.ledger.record(sale('A', 3, key('k'))),
      site.ledger.record(sale('A', 3, key('k'))),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['recorded', 'duplicate']);
    expect(site.onHand('A')).toBe(-3);
  });

  it('is refused when the body is another', async () => {
    await site.record(sale('A', 3, key('k', 'one body')));
    expect(await site.ledger.record(sale('A', 4, key('k', 'another')))).toEqual({ outcome: 'key-reused', key: 'k' });
    expect(site.onHand('A')).toBe(-3);
  });

  it('is a command of its own in another scope: a receipt and a key may look alike', async () => {
    await site.record(sale('A', 1, { scope: 'sale', key: '7', fingerprint: 'body' }));
    await site.record(sale('A', 1, { scope: 'return', key: '7', fingerprint: 'body' }));
    expect(site.onHand('A')).toBe(-2);
  });
});

describe('outcomes stand in an order of precedence', () => {
  it('a duplicate goes before a stale version, which goes before an invalid line', async () => {
    await site.record(sale('A', 1, key('k')));
    const invalid: RecordMovements = { type: 'record', kind: 'adjust', lines: [{ sku: sku('A'), quantity: 1 }] };
    expect((await site.ledger.record({ ...sale('A', 1, key('k')), ifVersion: 99 })).outcome).toBe('duplicate');
    expect((await site.ledger.record({ ...invalid, ifVersion: 99 })).outcome).toBe('stale');
    expect((await site.ledger.record({ ...invalid, ifVersion: 1 })).outcome).toBe('invalid');
    expect(site.store.outbox.head().sequence).toBe(1);
  });
});

describe('commands that arrive together', () => {
  it('share one commit and each get their own outcome', async () => {
    const commands = [
      sale('A', 1),
      { type: 'record', kind: 'sale', lines: [] } as const,
      sale('B', 2),
      { ...sale('A', 1), ifVersion: 7 },
    ];
    const outcomes = await Promise.all(commands.map((command) => site.ledger.record(command)));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['recorded', 'invalid', 'recorded', 'stale']);
    expect(site.ledger.counters.commits).toBe(1);
  });

  it('wait for one another while each turn of the loop brings another one', async () => {
    await oneATurn(3);
    expect(site.ledger.counters).toMatchObject({ commands: 3, commits: 1 });
  });

  it('do not wait for ever, however many come', async () => {
    await oneATurn(100);
    expect(site.ledger.counters.commits).toBeGreaterThanOrEqual(10);
  });

  /** Each before the ledger looks whether its turn has brought another one. */
  const oneATurn = (commands: number): Promise<unknown> => {
    const recorded: Promise<unknown>[] = [];
    return new Promise((resolve) => {
      const next = () => {
        if (recorded.length + 1 < commands) setImmediate(next);
        recorded.push(site.record(sale('A', 1)));
        if (recorded.length === commands) resolve(Promise.all(recorded));
      };
      next();
    });
  };

  it('are not taken down by one that the database refuses', async () => {
    // Fails below the rules, as a full disk would, and only for one command of the group.
    const append = site.store.movements.append.bind(site.store.movements);
    site.store.movements.append = (sequence, forSku, delta, hash) => {
      if (forSku === 'B') throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
      append(sequence, forSku, delta, hash);
    };
    const [a, b, c] = await Promise.allSettled(
      [sale('A', 1), sale('B', 1), sale('C', 1)].map((command) => site.ledger.record(command)),
    );
    expect([a?.status, b?.status, c?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(b).toMatchObject({ reason: expect.any(LedgerUnavailable) });
    expect([site.onHand('A'), site.onHand('B'), site.onHand('C')]).toEqual([-1, 0, -1]);
    site.restart();
    expect(site.store.outbox.head().sequence).toBe(2);
  });

  it('are left open, all of them, when the disk fails under one: none is tried again by the same connection', async () => {
    const append = site.store.movements.append.bind(site.store.movements);
    site.store.movements.append = (sequence, forSku, delta, hash) => {
      if (forSku === 'B') throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
      append(sequence, forSku, delta, hash);
    };
    const told: Error[] = [];
    site.store.onFailed((failure) => told.push(failure));
    const outcomes = await Promise.allSettled(
      [sale('A', 1), sale('B', 1), sale('C', 1)].map((command) => site.ledger.record(command)),
    );
    const open = { status: 'rejected', reason: expect.objectContaining({ isUncertain: true }) };
    expect(outcomes).toEqual([open, open, open]);
    expect([site.ledger.counters.failedCommits, told.length]).toEqual([1, 1]);
    // What comes later is not tried, and so it is certain that it was not recorded.
    await expect(site.ledger.record(sale('A', 1))).rejects.toMatchObject({
      code: 'SQLITE_IOERR_FSYNC',
      isUncertain: false,
    });
    expect([site.onHand('A'), told.length]).toEqual([0, 1]);
    site.restart();
    expect((await site.ledger.record(sale('A', 1))).outcome).toBe('recorded');
  });

  it('are tried again when the write-ahead log gave a full disk its space back', async () => {
    const transaction = site.store.transaction.bind(site.store);
    const emptied: boolean[] = [];
    site.store.emptyWriteAheadLog = () => {
      emptied.push(true);
      return true;
    };
    site.store.transaction = (work) => {
      if (emptied.length === 0) throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
      transaction(work);
    };
    expect((await site.ledger.record(sale('A', 1))).outcome).toBe('recorded');
    expect([emptied.length, site.ledger.counters.failedCommits, site.ledger.writesFailing]).toEqual([1, 1, undefined]);
  });

  it('are committed before the ledger stops, and refused after', async () => {
    const accepted = site.ledger.record(sale('A', 1));
    await site.ledger.stop();
    expect((await accepted).outcome).toBe('recorded');
    await expect(site.ledger.record(sale('A', 1))).rejects.toThrow(LedgerUnavailable);
  });
});

describe('a fact the books disagree with (P4)', () => {
  it('is recorded and opens one exception that follows the deficit', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 1 }]);
    const first = await site.record(sale('A', 3));
    expect(first.exceptions).toEqual([{ kind: 'negative-on-hand', sku: 'A', sequence: 2, deficit: 2 }]);
    await site.record(sale('A', 1));
    const open = site.ledger.view.openExceptions(0, 10).filter(({ kind }) => kind === 'negative-on-hand');
    expect(open).toMatchObject([{ sku: 'A', deficit: 3, sequence: 3 }]);
  });

  it('is closed by the movement that makes it good', async () => {
    await site.record(sale('A', 3));
    await site.move('receive', [{ sku: sku('A'), quantity: 3 }]);
    expect(site.ledger.view.openExceptions(0, 10).map(({ kind }) => kind)).toEqual(['unknown-sku']);
  });

  it('names a SKU that no catalogue knows once, and lists it as unlisted', async () => {
    const { exceptions } = await site.record(sale('NEW', 1));
    expect(exceptions.map(({ kind }) => kind)).toEqual(['unknown-sku', 'negative-on-hand']);
    expect((await site.record(sale('NEW', 1))).exceptions.map(({ kind }) => kind)).toEqual(['negative-on-hand']);
    expect(site.ledger.view.entry(sku('NEW'))?.item).toEqual({ sku: 'NEW', name: undefined, isListed: false });
  });

  it('says when a lot was sold past its date', async () => {
    await site.move('receive', [{ sku: sku('MILK'), quantity: 2, lot: 'L1', expiry: '2020-01-01' }]);
    expect((await site.record(sale('MILK', 1))).exceptions).toMatchObject([{ kind: 'expired-sold', deficit: 0 }]);
  });
});

describe('looking back', () => {
  it('explains a number by its movements, page by page, newest first', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 10 }]);
    await site.record(sale('B', 1));
    await site.record(sale('A', 3));
    await site.record(sale('A', 2));
    const newest = site.ledger.view.explain(sku('A'), { limit: 2 });
    expect(newest).toMatchObject({
      atSequence: 4,
      position: { onHand: 5, version: 3 },
      openingOnHand: 10,
      nextBefore: 3,
    });
    const older = site.ledger.view.explain(sku('A'), { limit: 2, before: 3 });
    expect(older?.movements.map(({ kind, sequence }) => [kind, sequence])).toEqual([['receive', 1]]);
    expect(older).toMatchObject({ openingOnHand: 0, nextBefore: undefined });
  });

  it('knows every past place of the log, also those before its own movements', async () => {
    await site.record(sale('B', 1));
    await site.move('receive', [{ sku: sku('A'), quantity: 10 }]);
    await site.record(sale('A', 3));
    const onHandAt = (atSequence: number) =>
      site.ledger.view.explain(sku('A'), { atSequence, limit: 5 })?.position.onHand;
    expect([0, 1, 2, 3, 99].map(onHandAt)).toEqual([0, 0, 10, 7, 7]);
  });
});

describe('the log behind central', () => {
  const trim = (rowsMax = 100) => site.store.outbox.trim({ agedUpTo: Number.MAX_SAFE_INTEGER, rowsMax });

  it('is never trimmed beyond what central has applied (P2)', async () => {
    for (let receipt = 0; receipt < 5; receipt += 1) await site.record(sale('A', 1));
    expect(trim()).toBe(0);
    site.store.outbox.setAppliedUpTo(3);
    expect(trim()).toBe(3);
    expect(site.store.outbox.firstSequence()).toBe(4);
    expect(site.store.outbox.slice(3, { deltasMax: 10, bytesMax: 9_999 })).toMatchObject({
      firstSequence: 4,
      lastSequence: 5,
    });
    expect(site.store.outbox.slice(2, { deltasMax: 10, bytesMax: 9_999 })).toBeUndefined();
  });

  it('is trimmed no less far because central said an older cursor once more', async () => {
    for (let receipt = 0; receipt < 3; receipt += 1) await site.record(sale('A', 1));
    site.store.outbox.setAppliedUpTo(3);
    site.store.outbox.setAppliedUpTo(1);
    expect(site.store.outbox.appliedUpTo()).toBe(3);
    expect(trim()).toBe(3);
  });

  it('keeps what is younger than the retention', async () => {
    await site.record(sale('A', 1));
    await site.record(sale('A', 1));
    site.store.outbox.setAppliedUpTo(2);
    expect(site.store.outbox.trim({ agedUpTo: 1, rowsMax: 100 })).toBe(1);
  });

  it('forgets a key only together with its movements', async () => {
    await site.record(sale('A', 1, key('old')));
    await site.record(sale('A', 1, key('new')));
    site.store.outbox.setAppliedUpTo(1);
    trim();
    expect((await site.ledger.record(sale('A', 1, key('new')))).outcome).toBe('duplicate');
    expect((await site.ledger.record(sale('A', 1, key('old')))).outcome).toBe('recorded');
  });

  it('still explains positions whose movements were trimmed', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 10 }]);
    await site.record(sale('A', 4));
    await site.record(sale('A', 1));
    site.store.outbox.setAppliedUpTo(2);
    trim();
    expect(site.ledger.view.explain(sku('A'), { atSequence: 2, limit: 5 })?.position).toMatchObject({
      onHand: 6,
      version: 2,
      sequence: 2,
    });
    expect(site.ledger.view.explain(sku('A'), { limit: 5 })).toMatchObject({
      openingOnHand: 6,
      position: { onHand: 5 },
    });
  });

  it('refuses a count at a place that is no longer here', async () => {
    await site.record(sale('A', 1));
    await site.record(sale('A', 1));
    site.store.outbox.setAppliedUpTo(1);
    trim();
    const counted = await site.ledger.record({ type: 'count', lines: [{ sku: sku('A'), counted: 3, atSequence: 0 }] });
    expect(counted).toMatchObject({ outcome: 'invalid', problems: [{ code: 'sequence-trimmed' }] });
  });

  it('remembers central’s cursor over a restart, with the next commit or the close', async () => {
    await site.record(sale('A', 1));
    site.store.outbox.setAppliedUpTo(1);
    site.restart();
    expect(site.store.outbox.appliedUpTo()).toBe(1);
  });
});

describe('a listener that throws', () => {
  it('cannot have a recorded group taken for a failed one and recorded again', async () => {
    const uncaught: unknown[] = [];
    const keep = (error: unknown) => uncaught.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', keep);
    site.ledger.onCommit(() => {
      throw new Error('a mistake of ours');
    });
    const outcomes = await Promise.all([site.ledger.record(sale('A', 1)), site.ledger.record(sale('A', 1))]);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('uncaughtException', keep);
    for (const listener of others) process.on('uncaughtException', listener);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['recorded', 'recorded']);
    expect(site.onHand('A')).toBe(-2);
    expect(uncaught).toHaveLength(1);
  });
});
