/** A reason of operation, and what to do about it: told in words and without a stack, since nothing is wrong with the program. */
export abstract class OperatingFailure extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
