import type { StateAhead } from '@edgestock/shared/protocol/rejoin';

export type LifeStateRow = Omit<StateAhead, 'ledToBy'> & {
  readonly sequence: number | null;
  readonly version: number | null;
  readonly at: number | null;
};

/** Rows of earlier builds do not say which movement led to the state. */
export function stateAheadOf({ sequence, version, at, ...state }: LifeStateRow): StateAhead {
  const isPlaced = sequence !== null && version !== null && at !== null;
  return isPlaced ? { ...state, ledToBy: { sequence, version, at } } : state;
}
