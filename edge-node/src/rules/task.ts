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
   * Where a picker found the units that are ready to ship; a bin or lot left open is drawn when they ship. What is given up after
   * that stays among them: the parcel may have left by that time, and whoever sent it says so later. It is to be put back else.
   */
  readonly picks: readonly Pick[];
};

/** Units found; without a bin or a lot wherever the books have them. */
export type Pick = { readonly quantity: number } & Partial<Omit<PlacedQuantity, 'quantity' | 'condition'>>;

/** Units of a line that are still committed for it. */
export function openUnits(line: TaskLine): number {
  return line.quantity - line.released - line.shipped;
}

/**
 * Units with their places that have left once the task ships and nobody says otherwise: those committed for it, or, of a task
 * given up, those that were ready by then.
 */
export function leavingPicks({ state }: Task, line: TaskLine): readonly Pick[] {
  if (state === 'released') return line.picks;
  const open = openUnits(line);
  if (line.picks.length === 0) return open === 0 ? [] : [{ quantity: open }];
  return takenFrom(line.picks, open).taken;
}

/** How many these are. */
export function leavingUnits(task: Task, line: TaskLine): number {
  return unitsOf(leavingPicks(task, line));
}

export function unitsOf(picks: readonly Pick[]): number {
  return picks.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** The first units of the picks, as many of these as there are, and what is left. */
export function takenFrom(
  picks: readonly Pick[],
  units: number,
): { readonly taken: readonly Pick[]; readonly rest: readonly Pick[] } {
  let due = units;
  const split = picks.map((pick) => {
    const taken = Math.min(pick.quantity, due);
    due -= taken;
    return { taken: { ...pick, quantity: taken }, rest: { ...pick, quantity: pick.quantity - taken } };
  });
  const some = (parts: readonly Pick[]) => parts.filter(({ quantity }) => quantity > 0);
  return { taken: some(split.map(({ taken }) => taken)), rest: some(split.map(({ rest }) => rest)) };
}

export function isEnded(task: Task): boolean {
  return task.state === 'shipped' || task.state === 'released';
}
