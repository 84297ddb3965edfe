import type { Directive, SkuTotal } from '@edgestock/shared/protocol/directive';
import type { DownCursor } from './documents.ts';

/** One directive of central's log, carried out at its place and nowhere else. */
export type CarryOut = {
  readonly type: 'carry-out';
  /** Where central's log stands once it is carried out. */
  readonly place: DownCursor;
  /** As it came: kept where it cannot be carried out. */
  readonly bytes: Uint8Array;
  readonly directive: Directive | UnreadableDirective;
};

/** One that could not be carried out when it came, and was kept: the node was older then. For those that are good whenever they come. */
export type CarryOutKept = {
  readonly type: 'carry-out-kept';
  readonly place: Pick<DownCursor, 'centralEpoch' | 'sequence'>;
  readonly directive: Extract<Directive, { kind: 'late-facts' | 'transfer' }>;
};

/** Central has begun a new life, with a log of its own: what is carried out from now on is of that one. */
export type TakeUpEpoch = { readonly type: 'take-up-epoch'; readonly centralEpoch: number };

/** Bytes that this release cannot read, and why. */
export type UnreadableDirective = { readonly kind: 'unreadable'; readonly why: string };

/** Quota that central has given back when asked for it: the totals of the directive that follows on its log. */
export type TakeBack = { readonly type: 'take-back'; readonly lines: readonly SkuTotal[] };
