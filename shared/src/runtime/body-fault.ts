import type { ProblemItem } from './problem.ts';

/** Lists of bodies whose entries are told by their index. */
const LISTS: readonly unknown[] = ['lines', 'items'];

/** A fault at a place of a JSON body. */
export function bodyFault(path: readonly PropertyKey[], code: string, message: string): ProblemItem {
  const [list, line] = path;
  const isInList = LISTS.includes(list) && typeof line === 'number';
  return { ...(isInList ? { line } : {}), code, message, path: path.map(String).join('.') };
}

/** What a parsed body has at a place; `undefined` where it has none of its own. */
export function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value;
  }
  return value;
}
