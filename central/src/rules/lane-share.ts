/** What a worker should do about its lanes: give some back, or ask for as many that nobody has. */
export type LaneStep = { readonly give: readonly number[]; readonly ask: number };

/** Everybody who is alive has an equal part, rounded up, so that together they can have all. */
export function laneStep({
  lanes,
  workers,
  owned,
}: {
  /** How many there are. */
  readonly lanes: number;
  /** Alive, this one included. */
  readonly workers: number;
  readonly owned: readonly number[];
}): LaneStep {
  const share = Math.ceil(lanes / Math.max(1, workers));
  return { give: owned.slice(share), ask: Math.max(0, share - owned.length) };
}
