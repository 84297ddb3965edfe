import type { SkuTotal } from '@edgestock/shared/protocol/directive';

/** How far the node has carried out central's log. Before the first directive: sequence 0, the genesis hash, and epoch 0 until one is taken up. */
export type DownCursor = { readonly centralEpoch: number; readonly sequence: number; readonly hash: Uint8Array };

/** Consecutive directives that continue the node's cursor. */
export type DirectiveRun = {
  readonly centralEpoch: number;
  readonly firstSequence: number;
  /** Canonical bytes, as central wrote them; whether they can be understood is for the books to find out. */
  readonly directives: readonly Uint8Array[];
  /** `hashes[i]` is the chain hash after `directives[i]`. */
  readonly hashes: readonly Uint8Array[];
};

/**
 * What the way down needs of the node's books. The cursor lives there and nowhere else: it moves in the commit of the effect, so
 * that a crash at any moment repeats nothing and skips nothing.
 */
export type DirectiveInbox = {
  /** As last made durable. Read often: with every heartbeat and every batch up. */
  cursor(): DownCursor;
  /** From then on the cursor is at the beginning of this epoch's log; durable when it resolves. One that has passed is rejected. */
  takeUpEpoch(centralEpoch: number): Promise<void>;
  /** Carries out the run, each directive once; durable with the cursor when it resolves. Rejects when the disk cannot take it. */
  carryOut(run: DirectiveRun): Promise<void>;
  /** Takes over what central has given back (a reply to a last-units request): the largest total counts. */
  takeBack(totals: readonly SkuTotal[]): Promise<void>;
};
