/** The numbers that this bench measures; `lab/bench/RESULTS.md` says what each one is. */
export const benchIds = ['N1', 'N2', 'N3', 'N4', 'N5', 'N6', 'N7', 'N8', 'N9', 'N10', 'N11', 'N12'] as const;
export type BenchId = (typeof benchIds)[number];

/** What the target is held against: the ratio to the floor, or the value itself. */
type Judged = 'ratio' | 'value';

/** One measured number beside its floor and its target. A number may have several figures: one per floor or percentile. */
export type Figure = {
  readonly id: BenchId;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The same work with nothing of ours, measured in the same run. `null` where the target is absolute. */
  readonly floor: number | null;
  readonly floorIs: string | null;
  /** `value / floor`. */
  readonly ratio: number | null;
  readonly target: number;
  readonly targetIs: `${'at least' | 'at most'} ${Judged}`;
  readonly met: boolean;
  /** Lowest and highest of the repetitions, and what else a reader should know. */
  readonly notes: readonly string[];
};

type Common = {
  readonly id: BenchId;
  readonly what: string;
  readonly unit: string;
  readonly notes?: readonly string[];
};

type Bound = { readonly atLeast: number } | { readonly atMost: number };

/** A rate or a time against a floor: the medians of interleaved repetitions of both. */
export function figureAgainstFloor(
  common: Common,
  measured: {
    readonly samples: readonly number[];
    readonly floorSamples: readonly number[];
    readonly floorIs: string;
    readonly ratio: Bound;
  },
): Figure {
  const value = median(measured.samples);
  const floor = median(measured.floorSamples);
  const ratio = value / floor;
  return {
    ...common,
    value: rounded(value),
    floor: rounded(floor),
    floorIs: measured.floorIs,
    ratio: rounded(ratio),
    ...judged(ratio, measured.ratio, 'ratio'),
    notes: [
      `${spreadOf(measured.samples)} ${common.unit}, ${measured.floorIs} ${spreadOf(measured.floorSamples)}, ${repetitionsOf(measured)}`,
      ...(common.notes ?? []),
    ],
  };
}

function repetitionsOf({ samples, floorSamples }: Record<'samples' | 'floorSamples', readonly number[]>): string {
  const [own, floor] = [samples.length, floorSamples.length];
  return own === floor ? `over ${own} repetitions in turns` : `over ${own} and ${floor} repetitions`;
}

/** A value against a bound of its own. */
export function figureAgainstBound(
  common: Common,
  measured: { readonly value: number; readonly bound: Bound },
): Figure {
  const { value, bound } = measured;
  return {
    ...common,
    value: rounded(value),
    floor: null,
    floorIs: null,
    ratio: null,
    ...judged(value, bound, 'value'),
    notes: common.notes ?? [],
  };
}

function judged(measured: number, bound: Bound, is: Judged): Pick<Figure, 'target' | 'targetIs' | 'met'> {
  return 'atLeast' in bound
    ? { target: bound.atLeast, targetIs: `at least ${is}`, met: measured >= bound.atLeast }
    : { target: bound.atMost, targetIs: `at most ${is}`, met: measured <= bound.atMost };
}

/** Four digits are more than any of these is worth. */
function rounded(value: number): number {
  return Number(Math.abs(value) >= 1_000 ? value.toFixed(0) : value.toPrecision(4));
}

/** The middle one; of an even number the lower of the two middle ones. Throws without samples. */
export function median(samples: readonly number[]): number {
  const middle = samples.toSorted((a, b) => a - b)[Math.ceil(samples.length / 2) - 1];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/** `3.1 to 4.7`: lowest and highest of the repetitions. */
export function spreadOf(samples: readonly number[]): string {
  return `${grouped(Math.min(...samples))} to ${grouped(Math.max(...samples))}`;
}

export function grouped(value: number): string {
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}
