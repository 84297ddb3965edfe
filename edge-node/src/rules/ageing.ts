/** What the two clocks of a machine say at one moment, in milliseconds. */
export type ClockReading = { readonly wallAt: number; readonly monotonicMs: number };

/** How much time has provably passed at this node, and the readings it was reckoned from. */
export type Age = {
  readonly agedMs: number;
  readonly wallAt: number;
  /** Of the present run of the process; `undefined` when the age comes from the database. */
  readonly monotonicMs: number | undefined;
};

/** At most this much is believed of the time a node was off: a clock that has been put right tells of decades. */
const OFF_MS_MAX = 24 * 3_600_000;
/** Time between two marks: by so much longer a movement may stay. */
const MARK_PERIOD_MS = 600_000;

/**
 * The age of the log after one more look at the clocks. Movements are not aged by their own wall time: a node that boots with
 * a dead clock stamps them decades back, and they would be trimmed, with the records that make a retry harmless, as soon as
 * the clock is put right (P9). Only what both clocks agree on has passed; without a previous look the reckoning begins.
 */
export function ageAt(previous: Age | undefined, now: ClockReading): Age {
  if (previous === undefined) return { agedMs: 0, ...now };
  const wallMs = now.wallAt - previous.wallAt;
  const passedMsMax = previous.monotonicMs === undefined ? OFF_MS_MAX : now.monotonicMs - previous.monotonicMs;
  return { agedMs: previous.agedMs + Math.floor(Math.max(0, Math.min(wallMs, passedMsMax))), ...now };
}

/** A place of the log and the node's age at a time when the log had got there. */
export type AgeMark = { readonly sequence: number; readonly agedMs: number };

/** Is it time to note how far the log has got? Not while nothing was added to it. */
export function isMarkDue(last: AgeMark | undefined, now: AgeMark): boolean {
  if (last === undefined) return now.sequence > 0;
  return now.sequence > last.sequence && now.agedMs - last.agedMs >= MARK_PERIOD_MS;
}
