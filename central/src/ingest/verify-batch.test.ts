import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import { expect, it } from 'vitest';
import { NodeLog } from '../testing/node-log.ts';
import { verifyBatch, verifyStates } from './verify-batch.ts';

function someLog(): NodeLog {
  const log = new NodeLog('BER1');
  for (let units = 1; units <= 5; units += 1) log.record('A', units);
  return log;
}

it('passes what a node sends, with the chain hash after each delta', () => {
  const log = someLog();
  const verification = verifyBatch('BER1', log.bytes(2, 4));
  expect(verification).toMatchObject({ outcome: 'verified', value: { batch: { firstSequence: 2 } } });
  const hashes = verification.outcome === 'verified' ? verification.value.hashes : [];
  expect(hashes.map((hash) => Buffer.from(hash))).toEqual(log.hashes.slice(2, 5).map((hash) => Buffer.from(hash)));
});

it('rejects every single flipped bit', () => {
  const bytes = someLog().bytes(1, 2);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(verifyBatch('BER1', damaged).outcome, `bit ${bit}`).toBe('rejected');
  }
});

it('rejects what is cut short, of another node, or not what its hashes say', () => {
  const log = someLog();
  const bytes = log.bytes(1, 2);
  expect(verifyBatch('BER1', bytes.subarray(0, bytes.length - 1)).outcome).toBe('rejected');
  expect(verifyBatch('BER1', new Uint8Array()).outcome).toBe('rejected');
  expect(verifyBatch('HAM1', bytes)).toMatchObject({ fault: expect.stringContaining('subject says HAM1') });
  expect(verifyStates('HAM1', log.stateBytes())).toMatchObject({ fault: expect.stringContaining('subject says HAM1') });
  const swapped = { ...log.batch(1, 2), deltas: log.deltas.slice(0, 2).reverse() };
  expect(verifyBatch('BER1', encodeUpBatch(swapped))).toMatchObject({ fault: expect.stringContaining('hash') });
});

it('lets a batch pass with deltas that cannot be applied, and names them', () => {
  const log = someLog();
  log.record('A', 1, { kind: 99 });
  log.append(Buffer.from([0xc1]));
  expect(log.verified(5, 7).entries.map(({ kind }) => kind)).toEqual(['delta', 'faulty', 'faulty']);
});
