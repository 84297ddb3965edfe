import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';

/** A command line that cannot be meant as it stands: exit code 2, and what to write instead. */
export class WrongCall extends OperatingFailure {
  override readonly name = 'WrongCall';
  readonly exitCode = 2;
}
