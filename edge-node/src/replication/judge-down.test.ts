import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { describe, expect, test } from 'vitest';
import { ModelDirectives } from '../testing/model-directives.ts';
import type { DownCursor } from './directive-inbox.ts';
import { judgeDown } from './judge-down.ts';

const warehouse = 'BER1' as WarehouseId;
const texts = (count: number, text = 'directive') =>
  Array.from({ length: count }, (_, at) => Buffer.from(`${text} ${at}`));

/** Central's log of ten directives, and the same one with another end. */
const central = logOf(...texts(10));
const forked = logOf(...texts(4), ...texts(6, 'other'));

function logOf(...directives: Buffer[]): ModelDirectives {
  const log = new ModelDirectives(new VirtualClock());
  log.append(...directives);
  return log;
}

/** Where a node stands that has carried out so much of central's log. */
function at(sequence: number, centralEpoch = 1): DownCursor {
  if (sequence === 0) return { centralEpoch: 0, sequence: 0, hash: genesisHash };
  const judged = judgeDown(central.batch(1, sequence), facts(at(0)));
  if (judged.judgement !== 'apply') throw new Error(`cannot stand at ${sequence}`);
  return { centralEpoch, sequence, hash: judged.run.hashes.at(-1) ?? genesisHash };
}

function facts(cursor: DownCursor, centralEpoch: number | undefined = 1) {
  return { warehouse, cursor, centralEpoch };
}

function flipped(bytes: Buffer, index: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged.writeUInt8(damaged.readUInt8(index) ^ 1, index);
  return damaged;
}

describe('a message of the way down', () => {
  test.each([
    ['the first of all', 0, [1, 3], [1, 3]],
    ['the next one', 4, [5, 7], [5, 7]],
    ['of which a part is known', 4, [2, 7], [5, 7]],
    ['of which all but the last is known', 9, [1, 10], [10, 10]],
  ] as const)('that is %s is carried out from the cursor on', (_, cursor, [first, last], [from, upTo]) => {
    const judged = judgeDown(central.batch(first, last), facts(at(cursor)));
    expect(judged).toMatchObject({ judgement: 'apply', run: { centralEpoch: 1, firstSequence: from } });
    if (judged.judgement !== 'apply') return;
    expect(judged.run.directives.map(String)).toEqual(central.log.slice(from - 1, upTo).map(String));
    expect(judged.run.hashes).toHaveLength(judged.run.directives.length);
    expect(Buffer.from(judged.run.hashes.at(-1) ?? []).equals(at(upTo).hash)).toBe(true);
  });

  test.each([
    ['is known as a whole', 7, [2, 5], { judgement: 'duplicate' }],
    ['ends where the node stands', 7, [2, 7], { judgement: 'duplicate' }],
    ['leaves one out', 4, [6, 8], { judgement: 'gap', lastSequence: 8 }],
    ['comes before the first', 0, [2, 2], { judgement: 'gap', lastSequence: 2 }],
  ] as const)('that %s is not', (_, cursor, [first, last], expected) => {
    expect(judgeDown(central.batch(first, last), facts(at(cursor)))).toEqual(expected);
  });

  test.each([
    ['continues another history', 6, [7, 9]],
    ['contains another history', 6, [3, 9]],
    ['ends in another history where the node stands', 6, [3, 6]],
  ] as const)('that %s is a fork', (_, cursor, [first, last]) => {
    expect(judgeDown(forked.batch(first, last), facts(at(cursor)))).toMatchObject({
      judgement: 'fork',
      reason: expect.stringContaining('up to 6'),
      hint: expect.stringContaining('backup'),
    });
  });

  test.each([
    ['a later epoch', at(4), 2, 1],
    ['an earlier epoch', at(4, 2), 1, 2],
    ['an earlier epoch than central writes, before the first', at(0), 1, 2],
  ] as const)('of %s is refused, whatever it continues', (_, cursor, centralEpoch, current) => {
    const bytes = central.batch(cursor.sequence + 1, 6, { centralEpoch });
    expect(judgeDown(bytes, facts(cursor, current))).toMatchObject({ judgement: 'other-epoch' });
  });

  test('before the first one, and before central was heard, names the epoch', () => {
    const judged = judgeDown(central.batch(1, 2, { centralEpoch: 7 }), { ...facts(at(0)), centralEpoch: undefined });
    expect(judged).toMatchObject({ judgement: 'apply', run: { centralEpoch: 7 } });
  });

  test.each([
    ['is for another warehouse', central.batch(1, 3, { warehouse: 'HAM1' as WarehouseId }), 'HAM1'],
    ['is of no epoch', central.batch(1, 3, { centralEpoch: 0 }), 'no epoch'],
    ['states a hash that its directives do not have', central.batch(1, 3, { hashLast: at(2).hash }), 'hash'],
    ['is numbered wrongly', central.batch(1, 3, { lastSequence: 4 }), 'do not number'],
    ['is cut off', central.batch(1, 3).subarray(0, 60), 'CRC'],
    ['is empty', Buffer.alloc(0), 'CRC'],
  ])('that %s cannot be read', (_, bytes, reason) => {
    expect(judgeDown(bytes, facts(at(0)))).toEqual({
      judgement: 'unreadable',
      reason: expect.stringContaining(reason),
    });
  });

  test('cannot be read with any one bit flipped', () => {
    const bytes = central.batch(1, 10);
    for (let index = 0; index < bytes.length; index += 1) {
      expect(judgeDown(flipped(bytes, index), facts(at(0))).judgement).toBe('unreadable');
    }
  });
});
