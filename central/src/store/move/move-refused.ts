/** The move cannot be made as it was asked for. Nothing was changed. */
export class MoveRefused extends Error {
  override readonly name = 'MoveRefused';
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
