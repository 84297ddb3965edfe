import { StoreFailing } from './store-failing.ts';

/**
 * The store's server is there, and does not let this central to its store. A start ends with it. A central that runs tries on: a person can
 * put it right.
 */
export class StoreRefused extends StoreFailing {
  override readonly name = 'StoreRefused';
  readonly reason = 'store-away';
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
