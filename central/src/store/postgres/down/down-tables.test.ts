import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { describe, expect, it } from 'vitest';
import { migratedPglite, putNode } from '../../../testing/migrated-pglite.ts';
import { warehouseOf } from '../../../testing/node-log.ts';
import { PostgresDownLog, PostgresDownLogWriter } from './down-log.ts';
import { PostgresDownTrimTable } from './down-trim-table.ts';

const pg = migratedPglite();
const [BER1, HAM1, MUC1] = [warehouseOf('BER1'), warehouseOf('HAM1'), warehouseOf('MUC1')];
const bytesOf = (text: string) => Buffer.from(text);
const hashesOf = (...directives: string[]) => {
  const hashes: Buffer[] = [Buffer.from(genesisHash)];
  for (const one of directives) hashes.push(chainHash(hashes.at(-1) ?? genesisHash, bytesOf(one)));
  return hashes;
};

/** In one transaction. */
async function told(work: (writer: PostgresDownLogWriter) => Promise<void>) {
  const writer = new PostgresDownLogWriter(pg.session);
  writer.begin();
  await work(writer);
  return writer.end();
}
const enrolled = async () => {
  for (const warehouse of [BER1, HAM1, MUC1]) await putNode(pg.session, warehouse);
};
const textsAfter = async (warehouse: typeof BER1, sequence: number, limits = {}) => {
  const all = { directivesMax: 100, bytesMax: 1_000, ...limits };
  const slice = await new PostgresDownLog(pg.session).after(warehouse, sequence, all);
  return slice?.directives.map((bytes) => Buffer.from(bytes).toString());
};
const bodies = async () => (await pg.session.rows('SELECT id FROM directive_body')).length;

describe('logs down', () => {
  it('number and chain what each node is told, also over transactions', async () => {
    await enrolled();
    const places: number[] = [];
    const directed = await told(async (writer) => {
      places.push(await writer.append(HAM1, bytesOf('one')));
      await writer.appendToAll([HAM1, BER1], bytesOf('both'));
      await writer.appendToAll([BER1], bytesOf('alone'));
      await writer.appendToAll([], bytesOf('nobody'));
      places.push(await writer.append(HAM1, bytesOf('two')));
    });
    expect([directed, places, await bodies()]).toEqual([[BER1, HAM1], [1, 3], 1]);
    expect(await told(async (writer) => void (await writer.append(HAM1, bytesOf('three'))))).toEqual([HAM1]);
    const log = new PostgresDownLog(pg.session);
    const hashes = hashesOf('one', 'both', 'two', 'three');
    const head = await log.head(HAM1);
    expect(head).toEqual({ sequence: 4, hash: expect.anything(), carriedOut: 0 });
    expect(Buffer.from(head?.hash ?? [])).toEqual(hashes[4]);
    for (const [place, hash] of hashes.entries()) {
      expect(Buffer.from((await log.hashAt(HAM1, place)) ?? [])).toEqual(hash);
    }
    expect([
      await log.hashAt(HAM1, 5),
      await log.hashAt(warehouseOf('NONE'), 0),
      await log.head(warehouseOf('NONE')),
    ]).toEqual([undefined, undefined, undefined]);
    expect(await textsAfter(HAM1, 0)).toEqual(['one', 'both', 'two', 'three']);
    expect(await textsAfter(BER1, 0)).toEqual(['both', 'alone']);
    const slice = await log.after(HAM1, 1, { directivesMax: 2, bytesMax: 99 });
    expect(slice).toMatchObject({ firstSequence: 2, lastSequence: 3 });
    expect([slice?.hashBefore, slice?.hashLast].map((hash) => Buffer.from(hash ?? []))).toEqual([hashes[1], hashes[3]]);
  });

  it('are read as far as they fit, but at least one', async () => {
    await enrolled();
    await told(async (writer) => {
      for (const text of ['12345', '678', '9']) await writer.append(BER1, bytesOf(text));
    });
    expect(await textsAfter(BER1, 0, { bytesMax: 1 })).toEqual(['12345']);
    expect(await textsAfter(BER1, 0, { bytesMax: 8 })).toEqual(['12345', '678']);
    expect(await textsAfter(BER1, 1, { bytesMax: 3 })).toEqual(['678']);
    expect(await textsAfter(BER1, 0, { directivesMax: 1 })).toEqual(['12345']);
    expect([await textsAfter(BER1, 3), await textsAfter(BER1, 9), await textsAfter(HAM1, 0)]).toEqual([
      ...[undefined, undefined, undefined],
    ]);
  });

  it('forget what a failed transaction had collected', async () => {
    await enrolled();
    const writer = new PostgresDownLogWriter(pg.session);
    writer.begin();
    await writer.append(BER1, bytesOf('lost'));
    writer.begin();
    expect(await writer.append(BER1, bytesOf('kept'))).toBe(1);
    expect([await writer.end(), await textsAfter(BER1, 0)]).toEqual([[BER1], ['kept']]);
    writer.begin();
    expect([await writer.end(), await textsAfter(BER1, 0)]).toEqual([[], ['kept']]);
  });

  it('write before their end what is too much to wait, and go on behind it', async () => {
    await enrolled();
    const large = Buffer.alloc(3 * 1_024 * 1_024, 'x');
    await told(async (writer) => {
      await writer.append(BER1, large);
      expect((await new PostgresDownLog(pg.session).head(BER1))?.sequence).toBe(0);
      await writer.append(BER1, large);
      expect((await new PostgresDownLog(pg.session).head(BER1))?.sequence).toBe(2);
      expect(await writer.append(BER1, bytesOf('last'))).toBe(3);
    });
    expect(await textsAfter(BER1, 2)).toEqual(['last']);
  });

  it('are carried out as far as they were written, and never backwards', async () => {
    await enrolled();
    await told(async (writer) => {
      await writer.append(BER1, bytesOf('one'));
      await writer.append(BER1, bytesOf('two'));
    });
    const carriedOut = async (sequence: number) => {
      await new PostgresDownLogWriter(pg.session).carriedOut(BER1, sequence);
      return (await new PostgresDownLog(pg.session).head(BER1))?.carriedOut;
    };
    expect([await carriedOut(1), await carriedOut(9), await carriedOut(1)]).toEqual([1, 2, 2]);
    await pg.session.run("UPDATE node SET down_covered = 1 WHERE warehouse = 'BER1'");
    const log = new PostgresDownLog(pg.session);
    expect([await log.covered(BER1), await log.covered(warehouseOf('NONE'))]).toEqual([1, 0]);
  });
});

describe('the beginnings of logs down', () => {
  it('go, and their last hash stays; a body goes with the last log that has it', async () => {
    await enrolled();
    await told(async (writer) => {
      await writer.append(BER1, bytesOf('one'));
      await writer.appendToAll([BER1, HAM1], bytesOf('both'));
      await writer.append(BER1, bytesOf('three'));
    });
    const [table, log] = [new PostgresDownTrimTable(pg.session), new PostgresDownLog(pg.session)];
    expect([await table.drop(BER1, 4), await textsAfter(BER1, 0)]).toEqual([false, ['one', 'both', 'three']]);
    expect([await table.drop(BER1, 2), await bodies()]).toEqual([true, 1]);
    const hashes = hashesOf('one', 'both', 'three');
    expect([await log.hashAt(BER1, 0), await log.hashAt(BER1, 1)]).toEqual([undefined, undefined]);
    expect(Buffer.from((await log.hashAt(BER1, 2)) ?? [])).toEqual(hashes[2]);
    expect(Buffer.from((await log.hashAt(BER1, 3)) ?? [])).toEqual(hashes[3]);
    expect([await textsAfter(BER1, 0), await textsAfter(BER1, 2)]).toEqual([undefined, ['three']]);
    expect(await textsAfter(HAM1, 0)).toEqual(['both']);
    expect([await table.drop(HAM1, 1), await bodies(), await table.drop(BER1, 3)]).toEqual([true, 0, true]);
    expect(await told(async (writer) => void (await writer.append(BER1, bytesOf('four'))))).toEqual([BER1]);
    expect(await textsAfter(BER1, 3)).toEqual(['four']);
  });

  it('are noted: how far each was carried out, and when that was looked at', async () => {
    await enrolled();
    const table = new PostgresDownTrimTable(pg.session);
    await pg.session.run("UPDATE node SET down_carried_out = 7, down_covered = 5 WHERE warehouse = 'BER1'");
    await table.mark(BER1, 100, 3);
    await table.mark(BER1, 200, 5);
    const log = async (before: number) => (await table.logs(before)).find(({ warehouse }) => warehouse === BER1);
    expect((await table.logs(150)).map(({ warehouse }) => warehouse)).toEqual([BER1, HAM1, MUC1]);
    expect(await log(150)).toEqual({ warehouse: BER1, carriedOut: 5, trimmed: 0, markedAt: 200, past: 3 });
    expect(await log(50)).toMatchObject({ past: null });
    expect((await table.logs(150))[1]).toEqual({
      warehouse: HAM1,
      carriedOut: 0,
      trimmed: 0,
      markedAt: null,
      past: null,
    });
    await table.unmark(BER1, 200, 4);
    expect(await log(250)).toMatchObject({ markedAt: 200, past: 5 });
    await table.unmark(BER1, 150, 9);
    await table.unmark(BER1, 200, 5);
    expect(await log(250)).toMatchObject({ markedAt: null, past: null });
  });
});
