import { refuse } from '@edgestock/shared/runtime/problem';
import type { Promises } from '../orders/promises.ts';
import type { PromiseReader, UnknownTask } from '../store/promise-store.ts';
import { type Doors, jsonResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import { refuseUnpromised, writing } from './promise-responses.ts';
import { parametersOf, quoted, warehouseOf, wholeNumberOf } from './request-parts.ts';
import { isoText } from './warehouse-routes.ts';

export const UNKNOWN_TASKS_PATH = '/v1/unknown-tasks';

/**
 * What nodes have to ship and no order here asks for: central was restored from a backup that is older than those orders. They
 * are shipped like any other; whoever knows that nobody wants one has it given up.
 */
export function unknownTaskRoutes(
  doors: Doors,
  { reader, promises }: { readonly reader: PromiseReader; readonly promises: Promises },
): void {
  doors(UNKNOWN_TASKS_PATH, {
    GET: async (context) => {
      const parameters = parametersOf(context, ['after', 'limit']);
      const limit = wholeNumberOf(parameters, {
        name: 'limit',
        min: 1,
        max: apiLimits.transfersPageMax,
        absent: apiLimits.transfersPageDefault,
      });
      const tasks = await reader.unknownTasks(placeOf(parameters.after?.at(-1)), limit);
      const last = tasks.length === limit ? tasks.at(-1) : undefined;
      return jsonResponse(
        JSON.stringify({
          tasks: tasks.map(taskJson),
          // Ask again with `after=` this; absent on the last page.
          ...(last === undefined ? {} : { next: `${last.warehouse}/${last.task}` }),
        }),
      );
    },
  });

  doors('/v1/unknown-tasks/:warehouse/:task/release', {
    POST: async (context) => {
      parametersOf(context, []);
      const warehouse = warehouseOf(context.req.param('warehouse') ?? '');
      const task = context.req.param('task') ?? '';
      const outcome = await writing(() => promises.releaseUnknownTask(warehouse, task));
      if (outcome.outcome !== 'set') return refuseUnpromised(outcome, 'task');
      const known = await reader.unknownTask(warehouse, task);
      if (known === undefined) return refuse(problems.unknownTask, `There is no task ${task} without an order.`);
      return jsonResponse(JSON.stringify({ task: taskJson(known) }), {}, 202);
    },
  });
}

/** `BER1/o1.1`. */
function placeOf(text: string | undefined): Pick<UnknownTask, 'warehouse' | 'task'> | undefined {
  if (text === undefined) return undefined;
  const [warehouse = '', ...rest] = text.split('/');
  const task = rest.join('/');
  if (task !== '') return { warehouse: warehouseOf(warehouse), task };
  return refuse(
    problems.invalidRequest,
    `after=${quoted(text)} is no place of this list: take the \`next\` of a page.`,
  );
}

function taskJson({ warehouse, task, heardAt, releasedAt, lines }: UnknownTask) {
  return {
    warehouse,
    task,
    heardAt: isoText(heardAt),
    // Asked for; what its node makes of it shows in the lines.
    ...(releasedAt === undefined ? {} : { releasedAt: isoText(releasedAt) }),
    lines: lines.map((line) => ({ ...line, open: line.quantity - line.shipped - line.givenUp })),
  };
}
