/** Our own mistake: the process stops and the supervisor restarts it on intact durable state. Never caught to carry on. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States what must be true here. The message is lazy where building it would cost something on a hot path. */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionError(typeof message === 'function' ? message() : message);
}

/** Narrows away `undefined` and `null` where absence would be our mistake. */
export function must<T>(value: T | undefined | null, message: string): T {
  assert(value !== undefined && value !== null, message);
  return value;
}

/** Ends every switch over a closed union: a new member is a compile error here, not a silent fall-through. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value ${JSON.stringify(value)}`);
}
