import type { Figure } from './figure.ts';
import type { Pace } from './interleaved.ts';

/** What a bench needs from whoever runs it. */
export type BenchRun = {
  /** An empty folder on the disk that is measured; gone afterwards. */
  readonly directory: string;
  readonly pace: Pace;
  readonly isQuick: boolean;
  /** A folder with real data, where the machine has one. */
  readonly dataDirectory: string | undefined;
};

export type Bench = (run: BenchRun) => Promise<readonly Figure[]>;
