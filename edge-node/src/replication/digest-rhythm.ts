import { replicationLimits as limits } from './limits.ts';

/** When the node states its digest: every so often while its stock moves, and once more when it has come to rest. */
export class DigestRhythm {
  #statedAtMs = Number.NEGATIVE_INFINITY;
  #statedSequence = 0;

  isDue(headSequence: number, nowMs: number): boolean {
    const moved = headSequence - this.#statedSequence;
    return moved > 0 && (nowMs - this.#statedAtMs >= limits.digestPeriodMs || moved >= limits.digestPeriodDeltas);
  }

  stated(headSequence: number, nowMs: number): void {
    this.#statedSequence = headSequence;
    this.#statedAtMs = nowMs;
  }

  /** What was stated may not have arrived. */
  forget(): void {
    this.#statedSequence = 0;
    this.#statedAtMs = Number.NEGATIVE_INFINITY;
  }
}
