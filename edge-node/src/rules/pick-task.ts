import type { MovementDetails } from '@edgestock/shared/inventory/movement';
import { isQuantity, LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { draw } from './draw.ts';
import type { LineProblem } from './outcome.ts';
import type { Recording } from './recording.ts';
import type { Decision } from './site-state.ts';
import { openUnits, type Pick, type Task, type TaskLine } from './task.ts';
import type { PickLine, PickTask } from './task-command.ts';

/**
 * The task after a picker was at its shelves. Units that were not found are given up, which tells central to send them from
 * elsewhere; what was lost or damaged is recorded as that, so that nobody is promised them again.
 */
export function pickTask(
  task: Task,
  command: PickTask,
  recording: Recording,
): Task | Extract<Decision, { outcome: 'invalid' }> {
  const problems = pickProblems(task, command.lines);
  if (problems.length > 0) return { outcome: 'invalid', problems };
  const lines = task.lines.map((line, index) => {
    const said = command.lines?.filter(({ sku }) => sku === line.sku);
    const found = said === undefined ? [{ quantity: openUnits(line) }] : said.flatMap(pickOf);
    const missing = openUnits(line) - found.reduce((sum, { quantity }) => sum + quantity, 0);
    const where = said?.find((pick) => pick.missing !== undefined);
    if (missing > 0 && where !== undefined) giveUp({ task, command, recording, where, index, missing });
    return { ...line, released: line.released + missing, picks: found.filter(({ quantity }) => quantity > 0) };
  });
  const isOver = lines.every((line) => openUnits(line) === 0);
  return { ...task, lines, state: isOver ? 'released' : 'picked' };
}

function pickOf({ picked, bin, lot }: PickLine): readonly Pick[] {
  return [{ quantity: picked, ...(bin === undefined ? {} : { bin }), ...(lot === undefined ? {} : { lot }) }];
}

function giveUp(what: {
  readonly task: Task;
  readonly command: PickTask;
  readonly recording: Recording;
  /** Says what became of the units, and where they should have been. */
  readonly where: PickLine;
  readonly index: number;
  readonly missing: number;
}): void {
  const { task, command, recording, where, index, missing } = what;
  const { sku, bin, lot } = where;
  const said: MovementDetails = { document: task.id, ...(command.actor !== undefined && { actor: command.actor }) };
  const told = (reason: string) => ({ sku, line: index, details: { ...said, reason } });
  const from = () => draw(recording.shelf(sku), missing, { bin, lot, condition: 'sellable' });
  switch (where.missing) {
    case 'lost':
      recording.aside('uncommit', missing, told('shrinkage'));
      for (const place of from()) recording.take('adjust', place, told('shrinkage'));
      return;
    case 'damaged':
      recording.aside('uncommit', missing, told('damaged'));
      for (const place of from()) {
        recording.take('move', place, { ...told('damaged'), to: { ...place, condition: 'damaged' } });
      }
      return;
    case 'elsewhere':
    case undefined:
      recording.aside('uncommit', missing, told('other'));
      return;
    default:
      unreachable(where.missing);
  }
}

/** Every SKU of the task must be told of, and of every unit that was not found what became of it. */
function pickProblems(task: Task, lines: readonly PickLine[] | undefined): readonly LineProblem[] {
  if (lines === undefined) return [];
  const problems = lines.flatMap((line, index) => problemsOfLine(task, line, index));
  if (problems.length > 0) return problems;
  return task.lines.flatMap((line) => problemsOfSku(line, lines));
}

function problemsOfLine(task: Task, { sku, picked }: PickLine, line: number): readonly LineProblem[] {
  if (!isQuantity(picked) || picked < 0 || picked > LINE_QUANTITY_MAX) {
    const message = `picked must be a whole number from 0 to ${LINE_QUANTITY_MAX}`;
    return [{ line, code: 'picked-invalid', message }];
  }
  if (task.lines.some((other) => other.sku === sku)) return [];
  return [{ line, code: 'sku-not-in-task', message: `${sku} is not in the task ${task.id}` }];
}

function problemsOfSku(line: TaskLine, lines: readonly PickLine[]): readonly LineProblem[] {
  const { sku } = line;
  const open = openUnits(line);
  const said = lines.filter((pick) => pick.sku === sku);
  const at = Math.max(
    0,
    lines.findIndex((pick) => pick.sku === sku),
  );
  const picked = said.reduce((sum, pick) => sum + pick.picked, 0);
  const reasons = said.filter(({ missing }) => missing !== undefined).length;
  const problem = (code: string, message: string) => [{ line: at, code, message }];
  if (said.length === 0 && open > 0) return problem('sku-untold', `nothing is said of ${sku}: ${open} units are due`);
  if (picked > open) return problem('picked-too-many', `${picked} units of ${sku} were picked where ${open} are due`);
  if (picked === open) return reasons === 0 ? [] : problem('nothing-missing', `no unit of ${sku} is missing`);
  if (reasons === 1) return [];
  const message = `${open - picked} units of ${sku} are missing: say once what became of them (missing: lost, damaged or elsewhere)`;
  return problem(reasons === 0 ? 'missing-untold' : 'missing-ambiguous', message);
}
