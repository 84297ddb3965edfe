import { type MovementKind, movementKindOf } from './movement.ts';

/** Kinds that say what happened to goods wherever they were told, and that count however late they are heard of. */
const lateKinds: ReadonlySet<MovementKind> = new Set([
  ...(['receive', 'sale', 'return', 'adjust', 'move', 'scrap', 'found'] as const),
  ...(['ship', 'transfer-ship', 'transfer-receive'] as const),
]);

/**
 * Why a movement of a life that has ended is not recorded in the one that goes on, whatever the person decides; `undefined`
 * for what counts: goods that came, went, or changed their place or condition.
 */
export function whyNotRecordedLate(code: number): string | undefined {
  const kind = movementKindOf(code);
  if (kind === undefined) return `this release does not know movements of the kind ${code}`;
  if (lateKinds.has(kind)) return undefined;
  if (kind === 'count') return 'a count says how many there were then: count again';
  if (kind === 'transfer-lost') return 'what is lost of a transfer is for the life that goes on to say: close it there';
  return 'no goods moved: what was set aside or promised in a life that has ended is not taken over';
}
