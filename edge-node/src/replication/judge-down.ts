import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHash } from '@edgestock/shared/protocol/chain';
import { decodeDownBatch, WireError } from '@edgestock/shared/protocol/codec';
import type { DownBatch } from '@edgestock/shared/protocol/message';
import type { DirectiveRun, DownCursor } from './directive-inbox.ts';

/** In order of precedence: an earlier one hides the later ones. */
export type DownJudgement =
  /** Damaged, for somebody else, or not what it says of itself. */
  | { readonly judgement: 'unreadable'; readonly reason: string }
  /** Of a life of central that is over, or of one that this node has not taken up: of no use. */
  | { readonly judgement: 'other-epoch' }
  /** Of a central that writes another history than the one this node has carried out: it begins anew once it has heard of it. */
  | { readonly judgement: 'fork'; readonly reason: string; readonly hint: string }
  /** Directives before it are missing; it ends at this sequence. */
  | { readonly judgement: 'gap'; readonly lastSequence: number }
  | { readonly judgement: 'duplicate' }
  /** Continues the node's history; what the node has already is left out. */
  | { readonly judgement: 'apply'; readonly run: DirectiveRun };

const UNDECIDED_HINT =
  'sales go on and are sent; nothing of central is carried out until it begins a new epoch. Was it put back from a backup, or is this data directory an old copy?';

/** What the node knows when the message arrives. */
export type DownFacts = {
  readonly warehouse: WarehouseId;
  readonly cursor: DownCursor;
  /** The epoch in which central says that it writes; `undefined` before it has been heard. */
  readonly centralEpoch: number | undefined;
};

/** What to do with a message of the way down. Pure: docs/protocol.md "The log down". Only what continues the chain at the cursor is carried out. */
export function judgeDown(bytes: Uint8Array, { warehouse, cursor, ...node }: DownFacts): DownJudgement {
  const batch = readBatch(bytes);
  if (typeof batch === 'string') return unreadable(batch);
  const { centralEpoch, firstSequence, lastSequence, directives } = batch;
  if (batch.warehouse !== warehouse) return unreadable(`it is for warehouse ${batch.warehouse}`);
  if (centralEpoch === 0) return unreadable('it is of no epoch of central');
  const hashes = hashesOf(batch);
  if (!isSame(hashes.at(-1), batch.hashLast))
    return unreadable('its directives do not come to the hash that it states');

  const epochDue = cursor.centralEpoch === 0 ? node.centralEpoch : cursor.centralEpoch;
  if (epochDue !== undefined && centralEpoch !== epochDue) return { judgement: 'other-epoch' };
  if (firstSequence > cursor.sequence + 1) return { judgement: 'gap', lastSequence };
  // Of places before its cursor the node keeps no hashes.
  if (lastSequence < cursor.sequence) return { judgement: 'duplicate' };
  const known = cursor.sequence - firstSequence + 1;
  if (!isSame(known === 0 ? batch.hashBefore : hashes[known - 1], cursor.hash)) {
    return {
      judgement: 'fork',
      reason: `central's directives up to ${cursor.sequence} are not those that this node has carried out`,
      hint: UNDECIDED_HINT,
    };
  }
  if (lastSequence === cursor.sequence) return { judgement: 'duplicate' };
  return {
    judgement: 'apply',
    run: {
      centralEpoch,
      firstSequence: firstSequence + known,
      directives: directives.slice(known),
      hashes: hashes.slice(known),
    },
  };
}

/** The batch, or why it cannot be read. */
function readBatch(bytes: Uint8Array): DownBatch | string {
  try {
    return decodeDownBatch(bytes);
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

function hashesOf({ hashBefore, directives }: DownBatch): Uint8Array[] {
  let last = hashBefore;
  return directives.map((directive) => {
    last = chainHash(last, directive);
    return last;
  });
}

function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

function unreadable(reason: string): DownJudgement {
  return { judgement: 'unreadable', reason };
}
