import type { Sku } from '@edgestock/shared/inventory/ids';
import type { PlacedQuantity } from './shelf.ts';

export const taskStates = ['open', 'picked', 'packed', 'shipped', 'released'] as const;
/** `shipped` and `released` are ends; a small shop ships from `open`. */
export type TaskState = (typeof taskStates)[number];

/** What people do with a task, in this order; earlier ones may be left out. */
export const taskSteps = ['pick', 'pack', 'ship'] as const;
export type TaskStep = (typeof taskSteps)[number];

/** An allocation of central's as work: goods of one order to pick, pack and ship from here. */
export type Task = {
  /** Central's name for it, for ever: the document of its movements. */
  readonly id: string;
  readonly order: string;
  readonly state: TaskState;
  readonly lines: readonly TaskLine[];
  /** By when it should be shipped, milliseconds since 1970 UTC. */
  readonly dueAt?: number;
  /** The carrier's number, once shipped. */
  readonly tracking?: string;
  readonly madeAt: number;
  readonly changedAt: number;
};

export type TaskLine = {
  readonly sku: Sku;
  /** Units allocated. */
  readonly quantity: number;
  /** Of these, given up: the order no longer wants them, or they were not found. */
  readonly released: number;
  readonly shipped: number;
  /**
   * Where a picker found the units that are ready to ship; a bin or lot left open is drawn when they ship. Of a task that was
   * given up they stay as they were then: the parcel may have left by that time, and whoever sent it says so later.
   */
  readonly picks: readonly Pick[];
};

/** Units found; without a bin or a lot wherever the books have them. */
export type Pick = { readonly quantity: number } & Partial<Omit<PlacedQuantity, 'quantity' | 'condition'>>;

/** Units of a line that are still committed for it. */
export function openUnits(line: TaskLine): number {
  return line.quantity - line.released - line.shipped;
}

/** Units of a line that have left once the task ships: those committed for it, or, of a task given up, those picked by then. */
export function leavingUnits({ state }: Task, line: TaskLine): number {
  return state === 'released' ? line.picks.reduce((sum, { quantity }) => sum + quantity, 0) : openUnits(line);
}

export function isEnded(task: Task): boolean {
  return task.state === 'shipped' || task.state === 'released';
}
