import type { Sku } from '@edgestock/shared/inventory/ids';
import { LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import type { Directive, SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Effect } from './directive-effect.ts';
import type { DocumentWrite } from './documents.ts';
import type { Recording } from './recording.ts';
import type { SiteState } from './site-state.ts';
import { openUnits, type Task, type TaskLine, takenFrom } from './task.ts';

type Allocate = Extract<Directive, { kind: 'allocate' }>;
type Release = Extract<Directive, { kind: 'release' }>;

/**
 * Central's promise has become firm: quota turns into committed units, and a task is made of them. What the quota does not
 * cover, which cannot happen while directives come in order, is committed all the same: the order exists, and the deficit
 * that this may open says so.
 */
export function allocate(state: SiteState, directive: Allocate, recording: Recording): Effect {
  const { task: id, order } = directive;
  const units = summed(directive.lines);
  const known = state.documents.task(id);
  if (known !== undefined) {
    // A central that was restored from a backup tells again what it does not know to be carried out.
    if (known.order === order && isOf(known, units)) return { outcome: 'carried-out', writes: [] };
    return refused(`the task ${id} was allocated before, with other units`);
  }
  if (units.size === 0) return refused(`the task ${id} has no units`);
  const excessive = [...units].find(([, quantity]) => quantity > LINE_QUANTITY_MAX);
  if (excessive !== undefined) return refused(`the task ${id} wants ${excessive[1]} units of ${excessive[0]}`);
  commitUnits(directive, units, recording);
  const task: Task = { ...taskOf(directive, units, state.now), state: 'open' };
  return { outcome: 'carried-out', writes: [{ document: 'task', task }] };
}

/**
 * An allocation that cannot be carried out is given up at once, in full: central hears of it as of any units that were not
 * found, so that its order is served from elsewhere or ends, and its totals agree with the quota that is spent here. Of one
 * that was allocated before, or that has no units, there is nothing to give up.
 */
export function giveBack(state: SiteState, directive: Allocate, recording: Recording): readonly DocumentWrite[] {
  const units = summed(directive.lines);
  if (state.documents.task(directive.task) !== undefined || units.size === 0) return [];
  commitUnits(directive, units, recording);
  for (const [line, [sku, quantity]] of [...units].entries()) {
    recording.aside('uncommit', quantity, { sku, line, details: { document: directive.task, reason: 'other' } });
  }
  const { lines, ...rest } = taskOf(directive, units, state.now);
  const over = lines.map((line) => ({ ...line, released: line.quantity }));
  return [{ document: 'task', task: { ...rest, lines: over, state: 'released' } }];
}

function commitUnits({ task }: Allocate, units: ReadonlyMap<Sku, number>, recording: Recording): void {
  for (const [line, [sku, quantity]] of [...units].entries()) {
    const told = { sku, line, details: { document: task } };
    const covered = Math.max(0, Math.min(quantity, recording.shelf(sku).position.quota));
    recording.aside('allocate', covered, told);
    recording.aside('commit', quantity - covered, told);
  }
}

function taskOf(
  { task: id, order, dueAt }: Allocate,
  units: ReadonlyMap<Sku, number>,
  now: number,
): Omit<Task, 'state'> {
  const lines = [...units].map(([sku, quantity]): TaskLine => ({ sku, quantity, released: 0, shipped: 0, picks: [] }));
  return { id, order, lines, ...(dueAt === undefined ? {} : { dueAt }), madeAt: now, changedAt: now };
}

/** The order no longer wants units, or is served from elsewhere: what is not shipped is given up, as far as it is asked for. */
export function release(state: SiteState, directive: Release, recording: Recording): Effect {
  const { task: id, reason } = directive;
  const task = state.documents.task(id);
  if (task === undefined) return refused(`there is no task ${id} to release`);
  const units = summed(directive.lines);
  const stranger = [...units.keys()].find((sku) => !task.lines.some((line) => line.sku === sku));
  if (stranger !== undefined) return refused(`the task ${id} has no line of ${stranger}`);

  const givenOf = (line: TaskLine) => Math.min(units.get(line.sku) ?? 0, openUnits(line));
  if (task.lines.every((line) => givenOf(line) === 0)) return { outcome: 'carried-out', writes: [] };
  const isOver = task.lines.every((line) => givenOf(line) === openUnits(line));
  const lines = task.lines.map((line, index) => {
    const given = givenOf(line);
    recording.aside('uncommit', given, { sku: line.sku, line: index, details: { document: id, reason } });
    // The parcel may have left before this came, so what was picked stays told, for `shipTask`. Of a task that is over it is
    // what was ready until now: what was given up earlier has been put back since.
    const picks = isOver ? takenFrom(line.picks, openUnits(line)).taken : line.picks;
    return { ...line, released: line.released + given, picks };
  });
  const after: Task = { ...task, lines, state: isOver ? 'released' : task.state, changedAt: state.now };
  return { outcome: 'carried-out', writes: [{ document: 'task', task: after }] };
}

function isOf({ lines }: Task, units: ReadonlyMap<Sku, number>): boolean {
  return lines.length === units.size && lines.every(({ sku, quantity }) => units.get(sku) === quantity);
}

/** Units by SKU; of none, nothing. */
function summed(lines: readonly SkuQuantity[]): ReadonlyMap<Sku, number> {
  const units = new Map<Sku, number>();
  for (const { sku, quantity } of lines) {
    if (quantity > 0) units.set(sku, (units.get(sku) ?? 0) + quantity);
  }
  return units;
}

function refused(reason: string): Effect {
  return { outcome: 'refused', reason };
}
