import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { HeartbeatRequest } from '@edgestock/shared/protocol/control';
import { centralLimits } from '../limits.ts';
import { isPossibleEpoch } from '../rules/central-epoch.ts';
import { sameHash } from '../rules/same-hash.ts';

/** How far a node says it has carried out central's log. */
export type NodeDownCursor = NonNullable<HeartbeatRequest['down']>;

/** Why directives are sent again. */
export type RewindCause = 'first-contact' | 'need' | 'stalled' | 'reconnected' | 'stream-lost' | 'publish-failed';

export type CursorVerdict =
  /** Not a place in this log: nothing may be sent, a person looks. */
  | { readonly verdict: 'fault'; readonly fault: string }
  /** A place in the log of another life of central: the node has not taken up this one yet. Nothing is sent until it has. */
  | { readonly verdict: 'earlier-epoch' }
  /** The node has carried out what this central does not know to have written: central was put back to an earlier state. */
  | { readonly verdict: 'ahead'; readonly reason: string }
  /** A heartbeat that was overtaken by a later one. */
  | { readonly verdict: 'overtaken' }
  | { readonly verdict: 'good'; readonly rewind?: 'first-contact' | 'need' | 'stalled' };

/** What central knows when a node tells its cursor. */
export type KnownOfNode = {
  /** The node has told a good cursor in this life of the publisher. */
  readonly isOpen: boolean;
  readonly sent: number;
  readonly carriedOut: number;
  /** Monotonic times: of the last progress or send after idleness, and of the last rewind. */
  readonly progressAtMs: number;
  readonly rewoundAtMs: number;
};

/** Decides what a node's cursor means. `hashThere` is central's hash at that place; `undefined` where it has none. `head`: where its log ends. */
export function judgeCursor(
  cursor: NodeDownCursor,
  options: {
    readonly centralEpoch: number;
    readonly hashThere: Uint8Array | undefined;
    readonly head: number;
    readonly known: KnownOfNode;
    readonly nowMs: number;
  },
): CursorVerdict {
  const { centralEpoch, hashThere, head, known, nowMs } = options;
  const { sequence } = cursor;
  const hash = Buffer.from(cursor.hash, 'hex');
  const isAtStart = sequence === 0 && sameHash(hash, genesisHash);
  // A node that has never heard a directive has no life of central in its books yet.
  if (cursor.centralEpoch !== centralEpoch && !(isAtStart && cursor.centralEpoch === 0)) {
    if (cursor.centralEpoch < centralEpoch) return { verdict: 'earlier-epoch' };
    if (!isPossibleEpoch(cursor.centralEpoch)) return fault(`there is no epoch ${cursor.centralEpoch} of central`);
    return ahead(`it has taken up central's epoch ${cursor.centralEpoch}, and this is ${centralEpoch}`);
  }
  if (isAtStart && hashThere === undefined) return fault('it has carried out nothing, and the beginning is trimmed');
  if (!isAtStart) {
    if (sequence > head)
      return ahead(`it has carried out directive ${sequence}, and central's log for it ends at ${head}`);
    if (hashThere === undefined) return fault(`its cursor ${sequence} is before where central's log for it begins`);
    if (!sameHash(hash, hashThere)) return ahead(`it has carried out another directive ${sequence} than central wrote`);
  }
  if (!known.isOpen) return { verdict: 'good', rewind: 'first-contact' };
  const isTellingDue = nowMs - known.rewoundAtMs >= centralLimits.needRepeatMs;
  if (cursor.need === true && isTellingDue) return { verdict: 'good', rewind: 'need' };
  if (sequence < known.carriedOut) return { verdict: 'overtaken' };
  const isStalled =
    known.sent > sequence &&
    sequence === known.carriedOut &&
    nowMs - known.progressAtMs >= centralLimits.downStalledAfterMs;
  return isStalled ? { verdict: 'good', rewind: 'stalled' } : { verdict: 'good' };
}

function ahead(reason: string): CursorVerdict {
  return { verdict: 'ahead', reason };
}

function fault(text: string): CursorVerdict {
  return { verdict: 'fault', fault: text };
}
