import type { MovementDetails } from '@edgestock/shared/inventory/movement';
import { draw } from './draw.ts';
import type { Recording } from './recording.ts';
import { leavingUnits, openUnits, type Task, type TaskLine } from './task.ts';
import type { ShipTask } from './task-command.ts';

/** Why units are committed once more: their task was given up, and they left all the same. */
export const LATE_REASON = 'shipped-after-release';

/**
 * The task after its goods have left: from the places where they were picked, or, where nobody picked, as the usual rule draws
 * them. That they left is a fact, recorded even where the books disagree (P4): also of a task that was given up once it had been
 * picked. Its units may be promised to somebody else by then, which is a deficit like any other; and a person is told.
 */
export function shipTask(task: Task, command: ShipTask, recording: Recording): Task {
  const { tracking } = command;
  const details: MovementDetails = { document: task.id, ...(command.actor !== undefined && { actor: command.actor }) };
  const isLate = task.state === 'released';
  const lines = task.lines.map((before, index) => {
    const { sku } = before;
    const units = leavingUnits(task, before);
    const line = isLate ? recommitted(before, units) : before;
    // Committed first: a shipment takes its units out of what is committed, here and at central.
    if (isLate) recording.aside('commit', units, { sku, line: index, details: { ...details, reason: LATE_REASON } });
    const picks = line.picks.length > 0 ? line.picks : [{ quantity: openUnits(line) }];
    for (const { quantity, bin, lot } of picks) {
      if (quantity === 0) continue;
      for (const place of draw(recording.shelf(sku), quantity, { bin, lot, condition: 'sellable' })) {
        recording.take('ship', place, { sku, line: index, details });
      }
    }
    if (isLate && units > 0) recording.open(LATE_REASON, sku, units);
    return { ...line, shipped: line.shipped + openUnits(line) };
  });
  return { ...task, lines, state: 'shipped', ...(tracking === undefined ? {} : { tracking }) };
}

/** A line whose units were not given up after all. */
function recommitted(line: TaskLine, units: number): TaskLine {
  return { ...line, released: line.released - units };
}
