import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';
import type { StoreKind } from '../testing/config.ts';

/** What a case needs of the machine besides Node and a broker. */
export type Need = 'postgres' | 'mount' | 'loop-image' | 'strace' | 'network-namespace';

/** What a case is given. */
export type Lab = {
  /** An empty folder of its own; gone afterwards. */
  readonly directory: string;
  readonly natsServer: string;
  /** What central keeps its data in. */
  readonly store: StoreKind;
};

/** One fault that is really caused, and what must hold all the same. */
export type FaultCase = {
  /** Rows of the catalogue of faults that it stands for (docs/faults.md). */
  readonly rows: readonly number[];
  /** The name of its file, without the rows. */
  readonly name: string;
  readonly needs: readonly Need[];
  /** Takes minutes, so it is run only when it is asked for. */
  readonly isLong?: true;
  /** Is about central's file of SQLite; where that is a database of a server, the case is left out for this reason. */
  readonly notOnPostgres?: string;
  /** Throws when a promise was broken; resolves with what was seen, in a few words. */
  readonly run: (lab: Lab) => Promise<string>;
};

/** A promise did not hold. */
export class PromiseBroken extends OperatingFailure {
  override readonly name = 'PromiseBroken';

  constructor(findings: readonly string[], hint = 'Run the case alone with --only to see it again.') {
    super(findings.join('; '), hint);
  }
}

/** Throws `PromiseBroken` unless it is so. */
export function hold(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new PromiseBroken([otherwise]);
}
