import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';

/**
 * Applying has ended before the end of the file. `hint` says whether it can go on, and what to do: told without a stack trace,
 * because nothing is wrong with the program.
 */
export class ImportFailed extends OperatingFailure {
  override readonly name = 'ImportFailed';
  constructor(message: string, hint = FAILED_HINT) {
    super(message, hint);
  }
}

const FAILED_HINT =
  'What was applied stays, the rest of the file does not come in. Mend the file and import it as a whole: each row is a count, so rows that were applied are counted once more.';
