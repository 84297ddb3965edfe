import type { MovementDetails } from '@edgestock/shared/inventory/movement';
import { draw } from './draw.ts';
import type { Recording } from './recording.ts';
import { openUnits, type Task } from './task.ts';
import type { ShipTask } from './task-command.ts';

/**
 * The task after its goods have left: from the places where they were picked, or, where nobody picked, as the usual rule draws
 * them. That they left is a fact, recorded even where the books disagree (P4).
 */
export function shipTask(task: Task, command: ShipTask, recording: Recording): Task {
  const { tracking } = command;
  const details: MovementDetails = { document: task.id, ...(command.actor !== undefined && { actor: command.actor }) };
  const lines = task.lines.map((line, index) => {
    const { sku } = line;
    const picks = line.picks.length > 0 ? line.picks : [{ quantity: openUnits(line) }];
    for (const { quantity, bin, lot } of picks) {
      if (quantity === 0) continue;
      for (const place of draw(recording.shelf(sku), quantity, { bin, lot, condition: 'sellable' })) {
        recording.take('ship', place, { sku, line: index, details });
      }
    }
    return { ...line, shipped: line.shipped + openUnits(line) };
  });
  return { ...task, lines, state: 'shipped', ...(tracking === undefined ? {} : { tracking }) };
}
