/** Does the place (see import-table.ts) cover the file? */
export function covers(place: string, path: string): boolean {
  if (place.endsWith('/**')) return path.startsWith(place.slice(0, -2));
  return patternOf(place).test(path);
}

export function coversAny(places: readonly string[], path: string): boolean {
  return places.some((place) => covers(place, path));
}

/** `*` stands for anything within one name. */
function patternOf(place: string): RegExp {
  const parts = place.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`);
}

/** Files that exist for tests only. They may see more, and no product code may see them. */
export function isForTests(path: string): boolean {
  return /\.(test|contract|bench)\.ts$/.test(path) || path.includes('/src/testing/');
}

/** The package a file belongs to; the root is one too. */
export function packageOf(path: string): string {
  const first = path.split('/')[0] ?? '';
  return ['shared', 'edge-node', 'central', 'lab'].includes(first) ? first : 'root';
}

/** The deployables and what they share: what customers run. */
export function isProduct(path: string): boolean {
  return /^(shared|edge-node|central)\/src\//.test(path) && !isForTests(path);
}
