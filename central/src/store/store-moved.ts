import { LastingFailure } from '@edgestock/shared/runtime/lasting-failure';

/**
 * Where a store stands in a move between two engines. `here`: it is the one to run on. `arriving`: it is being filled, `arrived`: it is
 * whole, and its source is not closed yet. `left`: it was moved away, and its units are promised elsewhere.
 */
export const moveStates = ['here', 'arriving', 'arrived', 'left'] as const;
export type MoveState = (typeof moveStates)[number];

/** What a store knows of its last move. */
export type MoveStanding = {
  readonly state: MoveState;
  /** Of the move, the same at both its ends; '' = it never was part of one. */
  readonly id: string;
  /** The other end, as it may be shown; '' = as above. */
  readonly other: string;
};

/** Nobody may run on a store that is not the one: two of them would promise the same units. */
export class StoreMoved extends LastingFailure {
  override readonly name = 'StoreMoved';

  constructor({ state, other }: MoveStanding) {
    super(messages[state](other), hints[state](other));
  }
}

/** Throws `StoreMoved` unless the store is the one to run on. */
export function refuseMoved(standing: MoveStanding): void {
  if (standing.state !== 'here') throw new StoreMoved(standing);
}

type Words = Readonly<Record<MoveState, (other: string) => string>>;

const messages: Words = {
  here: () => 'the store is the one to run on',
  arriving: (other) => `the store is not whole: a move from ${other} into it is under way, or was cut off`,
  arrived: (other) => `the store is whole, but ${other}, from where it comes, may be in use still`,
  left: (other) => `the store was moved to ${other}`,
};

const AGAIN = 'run the same edgestock central move once more';

const hints: Words = {
  here: () => 'Start central on it.',
  arriving: (other) => `If no move is running, ${AGAIN}: it begins anew. Until then go on with ${other}, as it was.`,
  arrived: () => `If no move is running, ${AGAIN}: it ends what was cut off just before its end.`,
  left: (other) =>
    `Start central on ${other}. To come back here instead, without what happened there since: edgestock central move --undo, whose help says how.`,
};
