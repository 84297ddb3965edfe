import type { Random } from '../runtime/random.ts';

/** Chance that a seed replays: mulberry32, small and even enough for tests, good for nothing that must be secret. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hex = (bytes: number) =>
    Array.from({ length: bytes }, () => Math.floor(fraction() * 256))
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
  const uuid = () => {
    const digits = hex(16);
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
  };
  return { fraction, hex, uuid };
}
