import { conditions, movementKinds } from '@edgestock/shared/inventory/movement';
import { isLineQuantity, isQuantity, LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import type { CountLine, MovementLine, PostCount, StatedMovements } from './movement-command.ts';
import type { LineProblem } from './outcome.ts';
import type { SiteState } from './site-state.ts';

const ISO_DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** What keeps a movement command from meaning anything, line by line; empty when it can be recorded. */
export function movementProblems(command: StatedMovements): readonly LineProblem[] {
  if (command.lines.length === 0) return [noLines];
  return command.lines.flatMap((line, index) =>
    problemsOfLine(command, line).map(({ code, message }) => ({ line: index, code, message })),
  );
}

/** The same for a count; its places in the log are held against the log there is. */
export function countProblems(
  command: PostCount,
  state: Pick<SiteState, 'headSequence' | 'checkpointSequence'>,
): readonly LineProblem[] {
  if (command.lines.length === 0) return [noLines];
  return command.lines.flatMap((line, index) =>
    problemsOfCountLine(line, state).map(({ code, message }) => ({ line: index, code, message })),
  );
}

type Problem = Omit<LineProblem, 'line'>;

const noLines: LineProblem = { line: 0, code: 'no-lines', message: 'the command has no lines' };

function problemsOfLine(command: StatedMovements, line: MovementLine): Problem[] {
  const problems: Problem[] = [];
  const problem = (code: string, message: string) => problems.push({ code, message });
  if (!isLineQuantity(line.quantity)) {
    problem('quantity-invalid', `quantity must be a whole number other than 0, at most ${LINE_QUANTITY_MAX} units`);
  } else if (line.quantity < 0 && movementKinds[command.kind].change !== 'signed') {
    problem('quantity-negative', `${command.kind} takes a positive quantity; its direction is in its kind`);
  }
  if (command.kind === 'adjust' && (line.reason ?? command.reason) === undefined) {
    problem('reason-required', 'an adjustment needs a reason code, on the line or on the command');
  }
  if (command.kind === 'move') problems.push(...problemsOfMove(line));
  else if (line.toBin !== undefined || line.toCondition !== undefined) {
    problem('target-unexpected', `only a move has toBin and toCondition; ${command.kind} has not`);
  }
  if (line.serials !== undefined && line.serials.length !== Math.abs(line.quantity)) {
    problem('serials-count', `${line.serials.length} serials for ${Math.abs(line.quantity)} units: one serial a unit`);
  }
  if (line.serials !== undefined && new Set(line.serials).size !== line.serials.length) {
    problem('serials-repeated', 'a serial stands twice on the line');
  }
  if (line.expiry !== undefined && !ISO_DATE.test(line.expiry))
    problem('expiry-invalid', 'expiry must be a date, YYYY-MM-DD');
  if (line.expiry !== undefined && line.lot === undefined)
    problem('expiry-without-lot', 'an expiry belongs to a lot: name the lot');
  return problems;
}

function problemsOfMove(line: MovementLine): Problem[] {
  if (line.toBin === undefined && line.toCondition === undefined) {
    return [
      { code: 'target-required', message: `a move needs toBin, or toCondition (${conditions.join(', ')}), or both` },
    ];
  }
  const isSame =
    (line.toBin ?? line.bin ?? '') === (line.bin ?? '') &&
    (line.toCondition ?? line.condition ?? 'sellable') === (line.condition ?? 'sellable');
  return isSame
    ? [{ code: 'target-same', message: 'the units are already there: from and to are the same place' }]
    : [];
}

function problemsOfCountLine(
  line: CountLine,
  state: Pick<SiteState, 'headSequence' | 'checkpointSequence'>,
): Problem[] {
  const problems: Problem[] = [];
  if (!isQuantity(line.counted) || line.counted < 0 || line.counted > LINE_QUANTITY_MAX) {
    problems.push({
      code: 'counted-invalid',
      message: `counted must be a whole number from 0 to ${LINE_QUANTITY_MAX}`,
    });
  }
  const { atSequence } = line;
  if (atSequence === undefined) return problems;
  if (!isQuantity(atSequence) || atSequence < 0 || atSequence > state.headSequence) {
    problems.push({
      code: 'sequence-unknown',
      message: `the log ends at ${state.headSequence}; atSequence must lie within it`,
    });
  } else if (atSequence < state.checkpointSequence) {
    problems.push({
      code: 'sequence-trimmed',
      message: `the log before ${state.checkpointSequence} is no longer here: count again and post it without delay`,
    });
  }
  return problems;
}
