/** One of the things that are measured against each other. A call takes about the time it is given, and returns a rate per second. */
export type Side = (durationMs: number) => Promise<number>;

export type Pace = {
  /** Repetitions of every side. */
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly roundMs: number;
};

/**
 * Measures the sides in turns (A B A B ...) after a warm-up of each, so that what else the machine does meets all of them alike.
 * Returns the rates of every side, in the order of the sides.
 */
export async function interleaved(sides: readonly Side[], pace: Pace): Promise<readonly (readonly number[])[]> {
  for (const side of sides) await side(pace.warmUpMs);
  const samples: number[][] = sides.map(() => []);
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const [index, side] of sides.entries()) samples[index]?.push(await side(pace.roundMs));
  }
  return samples;
}
