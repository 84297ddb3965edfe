import type { PromiseCommand, PromiseOutcome } from '../../rules/promise-command.ts';

export type OrderCommand = Extract<PromiseCommand, { readonly command: 'confirm' | 'place-order' | 'pay' | 'cancel' }>;

/** Orders: placed, made firm, cancelled, and what nodes say of their allocations. Inside a transaction of its caller. */
export class Orders {
  apply(command: OrderCommand, _now: number): PromiseOutcome {
    throw new Error(`this store cannot carry out ${command.command}`);
  }

  /** Lets orders go on that wait for a moment that has come, at most so many; tells how many. */
  wake(_limit: number, _now: number): number {
    return 0;
  }
}
