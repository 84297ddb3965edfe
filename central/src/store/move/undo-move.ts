import type { MoveEnd } from './move-ends.ts';
import { MoveRefused } from './move-refused.ts';

type Undoing = {
  /** What was moved away, and is to be run on again. */
  readonly source: MoveEnd;
  /** Where it was moved to, as far as that can be reached. */
  readonly target: MoveEnd | undefined;
  readonly from: string;
  readonly now: number;
};

export type Undone = { readonly newEpoch: number; readonly isTargetClosed: boolean };

/**
 * Takes a store back into use that was moved away, without what was done in the other one since: that one is closed first, and the
 * next epoch begins, as after a restore, so that nodes are asked for what happened before anything is promised. Throws
 * `MoveRefused` and `StoreInUse`, nothing taken back.
 */
export async function undoMove({ source, target, from, now }: Undoing): Promise<Undone> {
  const { state, id, other, centralEpoch } = await source.standing();
  if (state === 'here') throw new MoveRefused(`${from} was not moved away`, 'There is nothing to undo.');
  if (state !== 'left') {
    throw new MoveRefused(`${from} was never whole: a move from ${other} into it was cut off`, `Go on with ${other}.`);
  }
  const there = await target?.standing();
  if (there !== undefined && there.id !== id) {
    throw new MoveRefused(`${from} was moved to ${other}, not to where --to says`, 'Name the place it was moved to.');
  }
  await target?.giveUp({ to: from });
  const heard = Math.max(centralEpoch, there?.centralEpoch ?? 0);
  const newEpoch = await source.takeBack({ heard, reason: `taken back from ${other}, where it was moved to`, now });
  return { newEpoch, isTargetClosed: target !== undefined };
}
