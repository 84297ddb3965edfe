import { describe, expect, test } from 'vitest';
import { judgeReply, type NodeFacts, type ReplyFacts } from './judge-reply.ts';
import { replicationLimits } from './limits.ts';

const HASH = 'aa';
const reply: ReplyFacts = { applied: 100, hash: HASH, schema: [1, 1] };
const node: NodeFacts = {
  committed: 200,
  sent: 150,
  applied: 100,
  movedAt: 50_000,
  rewound: undefined,
  firstSequence: 1,
  hashAtApplied: HASH,
  schema: 1,
  now: 51_000,
};
const stalledNow = node.movedAt + replicationLimits.stallMs;
const recently = { to: 100, at: 50_500 };
const longAgo = { to: 100, at: 51_000 - replicationLimits.rewindPauseMs };

type Row = [name: string, reply: Partial<ReplyFacts>, node: Partial<NodeFacts>, expected: string];

const table: Row[] = [
  ['nothing to say', {}, {}, 'go-on'],
  ['progress', { applied: 150 }, {}, 'go-on'],
  ['more applied than sent, after a restart', { applied: 180 }, {}, 'go-on'],
  ['everything applied for a long time', { applied: 150 }, { applied: 150, now: 9e9 }, 'go-on'],
  ['a need', { need: 101 }, {}, 'rewind to 100: need'],
  ['a need that was just answered', { need: 101 }, { rewound: recently }, 'go-on'],
  ['a need that was answered, but not heard', { need: 101 }, { rewound: longAgo }, 'rewind to 100: need'],
  ['a need after a rewind to another place', { need: 101 }, { rewound: { to: 90, at: 50_999 } }, 'rewind to 100: need'],
  ['a need from before central had it', { need: 80 }, {}, 'go-on'],
  ['a need for what was not sent yet', { need: 101 }, { sent: 100 }, 'go-on'],
  ['no progress, not for long enough', {}, { now: stalledNow - 1 }, 'go-on'],
  ['no progress for too long', {}, { now: stalledNow }, 'rewind to 100: stall'],
  ['slow progress', { applied: 101 }, { now: stalledNow }, 'go-on'],
  ['central restored from a backup', { applied: 60 }, {}, 'rewind to 60: central-behind'],
  ['central restored to nothing', { applied: 0 }, {}, 'rewind to 0: central-behind'],
  ['history gone that central lacks', { applied: 60 }, { firstSequence: 62 }, 'snapshot'],
  ['all of it gone', { applied: 60 }, { firstSequence: 201 }, 'snapshot'],
  ['history that reaches just far enough', { applied: 60 }, { firstSequence: 61 }, 'rewind to 60: central-behind'],
  ['a hash that was trimmed here', {}, { hashAtApplied: undefined }, 'go-on'],
  ['another hash', { hash: 'bb' }, {}, "fence: central's history up to 100"],
  ['central ahead', { applied: 201 }, { hashAtApplied: undefined }, 'fence: central has 201 deltas'],
  ['a central too old', {}, { schema: 2 }, 'fence: central reads schema 1 to 1'],
  ['a central too new', { schema: [2, 3] }, {}, 'fence: central reads schema 2 to 3'],
  ['a fence', { fence: { epoch: 2, reason: 'a clone' } }, {}, 'fence: central fenced epoch 2: a clone'],
  // Precedence, from the top.
  [
    'a fence, whatever else',
    { fence: { epoch: 2, reason: 'a' }, applied: 999, schema: [9, 9] },
    {},
    'fence: central fenced',
  ],
  ['the schema before the place', { schema: [9, 9], applied: 999 }, {}, 'fence: central reads schema 9'],
  ['the place before the hash', { applied: 999, hash: 'bb' }, {}, 'fence: central has 999'],
  ['the hash before a need', { hash: 'bb', need: 101 }, {}, "fence: central's history"],
  [
    'the hash before the begin of the log',
    { applied: 60, hash: 'bb' },
    { firstSequence: 99 },
    "fence: central's history",
  ],
  [
    'history gone before a restored central, a need and a stall',
    { applied: 60, need: 61 },
    { firstSequence: 99, now: stalledNow },
    'snapshot',
  ],
  ['a restored central before its need', { applied: 60, need: 61 }, {}, 'rewind to 60: central-behind'],
  ['a need before a stall', { need: 101 }, { now: stalledNow }, 'rewind to 100: need'],
];

describe('a heartbeat reply', () => {
  test.each(table)('with %s', (_name, replyChange, nodeChange, expected) => {
    const judgement = judgeReply({ ...reply, ...replyChange }, { ...node, ...nodeChange });
    const said =
      judgement.judgement === 'fence'
        ? `fence: ${judgement.reason}`
        : judgement.judgement === 'rewind'
          ? `rewind to ${judgement.to}: ${judgement.cause}`
          : judgement.judgement;
    if (judgement.judgement === 'fence') expect(said).toContain(expected);
    else expect(said).toBe(expected);
  });
});
