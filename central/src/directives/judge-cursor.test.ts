import { genesisHash } from '@edgestock/shared/protocol/chain';
import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { judgeCursor, type KnownOfNode, type NodeDownCursor } from './judge-cursor.ts';

const HASH = Buffer.alloc(32, 7);
const good: NodeDownCursor = { centralEpoch: 4, sequence: 5, hash: HASH.toString('hex') };
const known: KnownOfNode = { isOpen: true, sent: 8, carriedOut: 5, progressAtMs: 0, rewoundAtMs: 0 };
const LATER_MS = centralLimits.downStalledAfterMs;

function judged(
  cursor: Partial<NodeDownCursor>,
  options: { known?: Partial<KnownOfNode>; hashThere?: Uint8Array | undefined; head?: number; nowMs?: number } = {},
) {
  return judgeCursor(
    { ...good, ...cursor },
    {
      centralEpoch: 4,
      hashThere: 'hashThere' in options ? options.hashThere : HASH,
      head: options.head ?? 9,
      known: { ...known, ...options.known },
      nowMs: options.nowMs ?? 1,
    },
  );
}

const start = Buffer.from(genesisHash).toString('hex');

it.each([
  ['a place before the log', judged({}, { hashThere: undefined }), 'before'],
  [
    'nothing, of a log whose beginning is gone',
    judged({ sequence: 0, hash: start }, { hashThere: undefined }),
    'trimmed',
  ],
  ['an epoch that cannot be', judged({ centralEpoch: Number.MAX_SAFE_INTEGER }), 'no epoch'],
])('sends nothing to a node that tells of %s', (_, verdict, text) => {
  expect(verdict).toMatchObject({ verdict: 'fault', fault: expect.stringContaining(text) });
});

it.each([
  ['a later life of central', judged({ centralEpoch: 5 }), 'epoch 5, and this is 4'],
  ['a later life, without any directive of it', judged({ centralEpoch: 5, sequence: 0, hash: start }), 'epoch 5'],
  ['a place beyond the log', judged({}, { hashThere: undefined, head: 4 }), 'ends at 4'],
  ['another history', judged({}, { hashThere: Buffer.alloc(32, 8) }), 'another directive 5'],
])('knows that it was put back by a node that tells of %s', (_, verdict, text) => {
  expect(verdict).toMatchObject({ verdict: 'ahead', reason: expect.stringContaining(text) });
});

it('waits for a node that has not taken up its epoch', () => {
  expect(judged({ centralEpoch: 3 })).toEqual({ verdict: 'earlier-epoch' });
  expect(judged({ centralEpoch: 3, sequence: 0, hash: start }, { hashThere: genesisHash })).toEqual({
    verdict: 'earlier-epoch',
  });
});

it('takes a node that has carried out nothing, whatever life of central it knows', () => {
  const verdict = judged(
    { centralEpoch: 0, sequence: 0, hash: start },
    { known: { isOpen: false, carriedOut: 0 }, hashThere: genesisHash },
  );
  expect(verdict).toEqual({ verdict: 'good', rewind: 'first-contact' });
});

it('begins where the node stands when it first speaks', () => {
  expect(judged({}, { known: { isOpen: false } })).toEqual({ verdict: 'good', rewind: 'first-contact' });
});

it('sends again what a node misses, but not while the answer to the last call travels', () => {
  const nowMs = centralLimits.needRepeatMs;
  expect(judged({ need: true }, { nowMs })).toEqual({ verdict: 'good', rewind: 'need' });
  expect(judged({ need: true }, { nowMs: nowMs - 1 })).toEqual({ verdict: 'good' });
});

it('sends again when nothing moves, and only then', () => {
  expect(judged({}, { nowMs: LATER_MS })).toEqual({ verdict: 'good', rewind: 'stalled' });
  expect(judged({}, { nowMs: LATER_MS - 1 })).toEqual({ verdict: 'good' });
  expect(judged({}, { nowMs: LATER_MS, known: { sent: 5 } })).toEqual({ verdict: 'good' });
  expect(judged({ sequence: 6 }, { nowMs: LATER_MS })).toEqual({ verdict: 'good' });
});

it('drops a heartbeat that a later one has overtaken', () => {
  expect(judged({ sequence: 4 }, { nowMs: LATER_MS })).toEqual({ verdict: 'overtaken' });
});
