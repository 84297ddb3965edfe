import { OperatingFailure } from './operating-failure.ts';

/**
 * A failure that no new attempt mends, whoever makes it: a person has to put something right. The process that meets it ends with it,
 * so that whoever supervises it sees that it is down.
 */
export abstract class LastingFailure extends OperatingFailure {
  /** A field, which goes over to another thread; of a class only the name of the error does. */
  readonly isLasting = true;
}

/** Also of an error that came from another thread. */
export function isLasting(error: Error): boolean {
  return 'isLasting' in error && error.isLasting === true;
}
