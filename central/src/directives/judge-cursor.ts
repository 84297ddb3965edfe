import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { HeartbeatRequest } from '@edgestock/shared/protocol/control';
import { centralLimits } from '../limits.ts';
import { sameHash } from '../rules/same-hash.ts';

/** How far a node says it has carried out central's log. */
export type NodeDownCursor = NonNullable<HeartbeatRequest['down']>;

/** Why directives are sent again. */
export type RewindCause = 'first-contact' | 'need' | 'stalled' | 'reconnected' | 'stream-lost' | 'publish-failed';

export type CursorVerdict =
  /** Not a place in this log: nothing may be sent, a person looks. */
  | { readonly verdict: 'fault'; readonly fault: string }
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

/** Decides what a node's cursor means. `hashThere` is central's hash at that place; `undefined` where it has none. */
export function judgeCursor(
  cursor: NodeDownCursor,
  options: {
    readonly centralEpoch: number;
    readonly hashThere: Uint8Array | undefined;
    readonly known: KnownOfNode;
    readonly nowMs: number;
  },
): CursorVerdict {
  const { centralEpoch, hashThere, known, nowMs } = options;
  const { sequence } = cursor;
  const hash = Buffer.from(cursor.hash, 'hex');
  // A node that has carried out nothing has no life of central in its books yet.
  const isAtStart = sequence === 0 && sameHash(hash, genesisHash);
  if (isAtStart && hashThere === undefined) return fault('it has carried out nothing, and the beginning is trimmed');
  if (!isAtStart) {
    if (cursor.centralEpoch !== centralEpoch) {
      return fault(`it has carried out directives of central's epoch ${cursor.centralEpoch}, not of ${centralEpoch}`);
    }
    if (hashThere === undefined)
      return fault(`its cursor ${sequence} is beyond central's log, or before where it begins`);
    if (!sameHash(hash, hashThere)) return fault(`another history than central's at directive ${sequence}`);
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

function fault(text: string): CursorVerdict {
  return { verdict: 'fault', fault: text };
}
