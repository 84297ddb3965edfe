import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';

/** The caller asked for something that cannot be: told with a hint, and exit code 2. */
export class UsageError extends OperatingFailure {
  override readonly name = 'UsageError';
  readonly exitCode = 2;
}
