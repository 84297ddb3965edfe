import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';
import type { BenchId, Figure } from './figure.ts';
import type { Pace } from './interleaved.ts';

/** What a bench needs from whoever runs it. */
export type BenchRun = {
  /** An empty folder on the disk that is measured; gone afterwards. */
  readonly directory: string;
  /** On the same disk, for what takes long to prepare and several numbers use: it lasts as long as the whole run. */
  readonly sharedDirectory: string;
  readonly pace: Pace;
  readonly isQuick: boolean;
  /** Says that a part of a number is not measured, since what it is held against is not here. */
  readonly leaveOut: (id: BenchId, missing: PeerMissing) => void;
  /** A folder with real data, where the machine has one. */
  readonly dataDirectory: string | undefined;
};

/** A size of the full run, a hundredth of it in a quick one. */
export function sized(full: number, { isQuick }: Pick<BenchRun, 'isQuick'>): number {
  return isQuick ? Math.ceil(full / 100) : full;
}

/** What a number is held against is not on this machine. The others can still be measured. */
export class PeerMissing extends OperatingFailure {
  override readonly name = 'PeerMissing';
}

export type Bench = (run: BenchRun) => Promise<readonly Figure[]>;
