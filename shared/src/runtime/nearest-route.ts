/** Letters by which a word may differ from the one that was meant. */
const DISTANCE_MAX = 2;

/**
 * The route that somebody may have meant by a path that is none, as the documents write it (`/v1/orders/:id`): with `/v1` left
 * out, or a part misspelt; `undefined` where none is near. The first of several that are equally near.
 */
export function nearestRoute(path: string, routes: readonly string[]): string | undefined {
  const asked = partsOf(path);
  const readings = asked[0] === 'v1' ? [asked] : [asked, ['v1', ...asked]];
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const route of routes) {
    const due = partsOf(route);
    for (const parts of readings) {
      const distance = distanceOf(parts, due);
      if (distance < least) [nearest, least] = [route, distance];
    }
  }
  return nearest;
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

/** Letters that differ over all parts; a part that a route leaves open fits. Infinite where one is no misspelling of the other. */
function distanceOf(asked: readonly string[], due: readonly string[]): number {
  if (asked.length !== due.length) return Number.POSITIVE_INFINITY;
  return due.reduce((sum, part, index) => sum + distanceOfPart(asked[index] ?? '', part), 0);
}

function distanceOfPart(word: string, part: string): number {
  if (part.startsWith(':') || word === part) return 0;
  // Of a short word two letters are most of it.
  const most = Math.min(DISTANCE_MAX, Math.floor(part.length / 2));
  if (Math.abs(word.length - part.length) > most) return Number.POSITIVE_INFINITY;
  const distance = editsBetween(word.toLowerCase(), part);
  return distance <= most ? distance : Number.POSITIVE_INFINITY;
}

/** Letters to add, take away, or change. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [line, letter] of [...a].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...b].entries()) {
      const kept = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(kept, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
