import { replicationLimits } from './limits.ts';

/** What a heartbeat's reply says about the two logs. */
export type ReplyFacts = {
  readonly applied: number;
  readonly hash: string;
  readonly need?: number | undefined;
  readonly fence?: { readonly epoch: number; readonly reason: string } | undefined;
  /** Lowest and highest schema that central reads. */
  readonly schema: readonly [number, number];
};

/** What the node knows of itself when the reply arrives. Times are monotonic milliseconds. */
export type NodeFacts = {
  readonly committed: number;
  readonly sent: number;
  readonly applied: number;
  readonly movedAt: number;
  readonly rewound: { readonly to: number; readonly at: number } | undefined;
  readonly firstSequence: number;
  /** The node's own hash at `reply.applied`, hex; `undefined` where the log no longer has it. */
  readonly hashAtApplied: string | undefined;
  /** The schema this node writes. */
  readonly schema: number;
  readonly now: number;
};

/** In order of precedence: an earlier one hides the later ones. */
export type Judgement =
  /** Nothing more may be sent until a person has decided. */
  | { readonly judgement: 'fence'; readonly reason: string; readonly hint: string }
  /** Central lacks what was trimmed here: tell it what was true where the log begins, and nothing else meanwhile. */
  | { readonly judgement: 'snapshot'; readonly reason: string }
  /** Send again everything after `to`. */
  | { readonly judgement: 'rewind'; readonly to: number; readonly cause: RewindCause }
  | { readonly judgement: 'go-on' };

export type RewindCause = 'central-behind' | 'need' | 'stall';

const FENCED_HINT =
  'sales go on and are kept here. Was this data directory restored, or is a copy of it running elsewhere? See which one is right,' +
  ' and let it go on with what central has of its log: edgestock edge rejoin';

/** What to do about a heartbeat's reply. Pure: docs/protocol.md "Heartbeats", the node's side. */
export function judgeReply(reply: ReplyFacts, node: NodeFacts): Judgement {
  if (reply.fence) {
    return fence(`central fenced epoch ${reply.fence.epoch}: ${reply.fence.reason}`, FENCED_HINT);
  }
  if (node.schema < reply.schema[0] || node.schema > reply.schema[1]) {
    return fence(
      `central reads schema ${reply.schema[0]} to ${reply.schema[1]}, this node writes ${node.schema}`,
      'upgrade the older side: central first, then the nodes',
    );
  }
  if (reply.applied > node.committed) {
    return fence(
      `central has ${reply.applied} deltas of this node, the node itself ${node.committed}: its database was rolled back`,
      FENCED_HINT,
    );
  }
  if (node.hashAtApplied !== undefined && node.hashAtApplied !== reply.hash) {
    return fence(`central's history up to ${reply.applied} is not this node's`, FENCED_HINT);
  }
  if (reply.applied + 1 < node.firstSequence) {
    return {
      judgement: 'snapshot',
      reason: `central stands at ${reply.applied}, but this node's log begins at ${node.firstSequence}`,
    };
  }
  if (reply.applied < node.applied) return { judgement: 'rewind', to: reply.applied, cause: 'central-behind' };
  if (isNeedUnanswered(reply, node)) return { judgement: 'rewind', to: reply.applied, cause: 'need' };
  const isStalled =
    node.sent > reply.applied && reply.applied === node.applied && node.now - node.movedAt >= replicationLimits.stallMs;
  if (isStalled) return { judgement: 'rewind', to: reply.applied, cause: 'stall' };
  return { judgement: 'go-on' };
}

/**
 * Central asks for its next sequence as long as it lacks it, so the same question comes several times while the answer travels.
 * A need behind its own cursor is an old one.
 */
function isNeedUnanswered(reply: ReplyFacts, node: NodeFacts): boolean {
  if (reply.need === undefined || reply.need <= reply.applied || node.sent <= reply.applied) return false;
  const { rewound } = node;
  return (
    rewound === undefined || rewound.to !== reply.applied || node.now - rewound.at >= replicationLimits.rewindPauseMs
  );
}

function fence(reason: string, hint: string): Judgement {
  return { judgement: 'fence', reason, hint };
}
