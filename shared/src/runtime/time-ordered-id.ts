import type { Random } from './random.ts';

/**
 * A UUID of version 7: it begins with the time (ms, 48 bits), the rest is chance. Rows that are made one after the other lie
 * beside each other in every index that leads with it, where chance alone would spread a commit over as many pages.
 */
export function timeOrderedId(now: number, random: Random): string {
  const time = now.toString(16).padStart(12, '0');
  // The chance and the variant of a version 4, from behind its version on.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.uuid().slice(15)}`;
}
