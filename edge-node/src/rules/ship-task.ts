import type { MovementDetails } from '@edgestock/shared/inventory/movement';
import { draw } from './draw.ts';
import type { LineProblem } from './outcome.ts';
import type { Recording } from './recording.ts';
import type { Decision } from './site-state.ts';
import { leavingPicks, openUnits, type Pick, type Task, type TaskLine, takenFrom, unitsOf } from './task.ts';
import type { ShipLine, ShipTask } from './task-command.ts';

/** Why units are committed once more: they were given up, and left all the same. */
export const LATE_REASON = 'shipped-after-release';

/**
 * The task after its goods have left: what the packer says, or else what it still has to ship, from the places where it was
 * picked or, where nobody picked, as the usual rule draws it. That they left is a fact, recorded even where the books disagree
 * (P4): also units that were given up while the parcel waited for its carrier, a part of it or all. They may be promised to
 * somebody else by then, which is a deficit like any other; and a person is told. What did not leave is given up.
 */
export function shipTask(
  task: Task,
  command: ShipTask,
  recording: Recording,
): Task | Extract<Decision, { outcome: 'invalid' }> {
  const problems = shipProblems(task, command.lines);
  if (problems.length > 0) return { outcome: 'invalid', problems };
  const { tracking } = command;
  const details: MovementDetails = { document: task.id, ...(command.actor !== undefined && { actor: command.actor }) };
  const lines = task.lines.map((before, index) => {
    const { sku } = before;
    const leaving = leavingFrom(task, before, command.lines);
    const units = unitsOf(leaving);
    const late = Math.max(0, units - openUnits(before));
    const told = (reason: string) => ({ sku, line: index, details: { ...details, reason } });
    // Committed first: a shipment takes its units out of what is committed, here and at central.
    recording.aside('commit', late, told(LATE_REASON));
    for (const { quantity, bin, lot } of leaving) {
      for (const place of draw(recording.shelf(sku), quantity, { bin, lot, condition: 'sellable' })) {
        recording.take('ship', place, { sku, line: index, details });
      }
    }
    if (late > 0) recording.open(LATE_REASON, sku, late);
    const after = { ...before, released: before.released - late, shipped: before.shipped + units };
    const stayed = openUnits(after);
    recording.aside('uncommit', stayed, told('other'));
    return { ...after, released: after.released + stayed };
  });
  return { ...task, lines, state: 'shipped', ...(tracking === undefined ? {} : { tracking }) };
}

/** Units with the places they leave from; what a packer names no place of leaves from where it was picked. */
function leavingFrom(task: Task, line: TaskLine, said: readonly ShipLine[] | undefined): readonly Pick[] {
  if (said === undefined) return leavingPicks(task, line);
  const lines = said.filter(({ sku, shipped }) => sku === line.sku && shipped > 0);
  // Places that are named come first, wherever they stand: what was picked there leaves with them, and not once more.
  const leaving = lines.filter(isPlaced).map(({ shipped: quantity, bin, lot }): Pick => {
    return { quantity, ...(bin === undefined ? {} : { bin }), ...(lot === undefined ? {} : { lot }) };
  });
  const elsewhere = lines.reduce((units, one) => units + (isPlaced(one) ? 0 : one.shipped), 0);
  const { taken } = takenFrom(leaving.reduce(withoutPicked, line.picks), elsewhere);
  const beyond = elsewhere - unitsOf(taken);
  return [...leaving, ...taken, ...(beyond > 0 ? [{ quantity: beyond }] : [])];
}

function isPlaced({ bin, lot }: ShipLine): boolean {
  return bin !== undefined || lot !== undefined;
}

/** The picks without those that leave from there: of the bin and lot, as far as both name them; the same ones first. */
function withoutPicked(picks: readonly Pick[], { quantity, bin, lot }: Pick): readonly Pick[] {
  const isItsPlace = (pick: Pick) =>
    (bin === undefined || pick.bin === undefined || pick.bin === bin) &&
    (lot === undefined || pick.lot === undefined || pick.lot === lot);
  const sameness = (pick: Pick) => Number(pick.bin === bin) + Number(pick.lot === lot);
  const its = picks.filter(isItsPlace).toSorted((a, b) => sameness(b) - sameness(a));
  return [...takenFrom(its, quantity).rest, ...picks.filter((pick) => !isItsPlace(pick))];
}

/** Of every SKU that is due it must be told what left, and never more than the task was ever for: that would be another shipment. */
function shipProblems(task: Task, lines: readonly ShipLine[] | undefined): readonly LineProblem[] {
  if (lines === undefined) return [];
  const strange = lines.flatMap(({ sku }, line) => {
    if (task.lines.some((one) => one.sku === sku)) return [];
    return [{ line, code: 'sku-not-in-task', message: `${sku} is not in the task ${task.id}` }];
  });
  if (strange.length > 0) return strange;
  if (lines.every(({ shipped }) => shipped === 0)) {
    const message = 'nothing has left, and that is no shipment: a pick tells of units that are missing';
    return [{ line: 0, code: 'nothing-shipped', message }];
  }
  return task.lines.flatMap((one) => problemsOfSku(one, lines));
}

function problemsOfSku(of: TaskLine, lines: readonly ShipLine[]): readonly LineProblem[] {
  const { sku, quantity } = of;
  const open = openUnits(of);
  const said = lines.filter((line) => line.sku === sku);
  const line = Math.max(
    0,
    lines.findIndex((one) => one.sku === sku),
  );
  if (said.length === 0) {
    const message = `nothing is said of ${sku}: ${open} units are due (0 where none of them left)`;
    return open === 0 ? [] : [{ line, code: 'sku-untold', message }];
  }
  const shipped = said.reduce((sum, one) => sum + one.shipped, 0);
  if (shipped <= quantity) return [];
  const message = `${shipped} units of ${sku} were shipped where the task was for ${quantity}: record what left beyond it as an adjustment (POST /v1/movements)`;
  return [{ line, code: 'shipped-too-many', message }];
}
