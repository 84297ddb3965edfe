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
  options: { known?: Partial<KnownOfNode>; hashThere?: Uint8Array | undefined; nowMs?: number } = {},
) {
  return judgeCursor(
    { ...good, ...cursor },
    {
      centralEpoch: 4,
      hashThere: 'hashThere' in options ? options.hashThere : HASH,
      known: { ...known, ...options.known },
      nowMs: options.nowMs ?? 1,
    },
  );
}

it.each([
  ['another life of central', judged({ centralEpoch: 3 }), 'epoch 3, not of 4'],
  ['a place beyond the log', judged({}, { hashThere: undefined }), 'beyond'],
  ['another history', judged({}, { hashThere: Buffer.alloc(32, 8) }), 'another history'],
  ['nothing carried out, with a hash', judged({ centralEpoch: 0, sequence: 0 }, { hashThere: genesisHash }), 'epoch 0'],
])('sends nothing to a node that tells of %s', (_, verdict, text) => {
  expect(verdict).toMatchObject({ verdict: 'fault', fault: expect.stringContaining(text) });
});

it('takes a node that has carried out nothing, whatever life of central it knows', () => {
  const start = { centralEpoch: 0, sequence: 0, hash: Buffer.from(genesisHash).toString('hex') };
  const verdict = judged(start, { known: { isOpen: false, carriedOut: 0 }, hashThere: genesisHash });
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
