import { openUnits, type Task } from '../ledger/command.ts';
import { isoTime } from './movement-json.ts';

/** A task as every answer shows it. */
export function taskBody({ id, order, state, lines, dueAt, tracking, madeAt, changedAt }: Task) {
  return {
    task: id,
    order,
    state,
    ...(dueAt === undefined ? {} : { dueAt: isoTime(dueAt) }),
    ...(tracking === undefined ? {} : { tracking }),
    lines: lines.map((line) => ({
      sku: line.sku,
      quantity: line.quantity,
      open: openUnits(line),
      picked: line.picks.reduce((sum, { quantity }) => sum + quantity, 0),
      shipped: line.shipped,
      released: line.released,
      ...(line.picks.length === 0 ? {} : { picks: line.picks }),
    })),
    madeAt: isoTime(madeAt),
    changedAt: isoTime(changedAt),
  };
}
