/** A command line that cannot be meant as it stands: exit code 2, and what to write instead. */
export class WrongCall extends Error {
  override readonly name = 'WrongCall';
  readonly exitCode = 2;
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
