/**
 * How much happens in a life, by its seed. Most are short: what breaks needs a few things in an unlucky order far more often
 * than it needs many, and eight short lives cost as much as one long. Some are long all the same, for what only piles up.
 */
export function lengthOf(seed: number): number {
  const place = seed % 20;
  if (place === 0) return 100;
  if (place % 10 === 5) return 40;
  return place % 3 === 0 ? 24 : 12;
}
