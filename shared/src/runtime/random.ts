import { randomBytes, randomUUID } from 'node:crypto';

/** Chance as the product sees it: passed in, so that a seed can replay it. */
export type Random = {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string;
  uuid(): string;
};

export const systemRandom: Random = {
  fraction: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
  uuid: () => randomUUID(),
};
