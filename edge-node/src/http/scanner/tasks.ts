import { must } from '@edgestock/shared/runtime/assert';
import { refuse } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import {
  leavingUnits,
  missings,
  openUnits,
  type TakeStep,
  type TaskState,
  type TaskStep,
  taskStates,
} from '../../ledger/command.ts';
import type { LastUnitsCall } from '../../ledger/last-units.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { counted, linesOf, oneOf, sku, text } from '../fields.ts';
import { fingerprintOf, keyedWrite } from '../idempotency.ts';
import { outcomeResponse } from '../outcome-response.ts';
import { problems } from '../problems.ts';
import { Query } from '../query.ts';
import { refusedProblem } from '../refused-problem.ts';
import { readBody } from '../request-body.ts';
import { taskBody } from '../task-json.ts';

const pickLine = z.strictObject({
  sku,
  picked: counted,
  missing: oneOf('missing-unknown', missings).exactOptional(),
  bin: text.exactOptional(),
  lot: text.exactOptional(),
});

const bodies = {
  pick: z.strictObject({ lines: linesOf(pickLine).exactOptional(), actor: text.exactOptional() }),
  pack: z.strictObject({ actor: text.exactOptional() }),
  ship: z.strictObject({ actor: text.exactOptional(), tracking: text.exactOptional() }),
} as const;

/** `GET /v1/tasks`, `GET /v1/tasks/{id}` and `POST /v1/tasks/{id}/pick|pack|ship`: what central's orders have to be picked, packed and shipped from here. */
export function taskDoors(deps: HttpDependencies, lastUnits: LastUnitsCall): readonly Door[] {
  const step = (name: TaskStep) => (context: HttpContext) => take(context, name, deps, lastUnits);
  return [
    { method: 'GET', path: '/v1/tasks', route: 'tasks', answer: (context) => page(context, deps) },
    { method: 'GET', path: '/v1/tasks/:id', route: 'task', answer: (context) => one(context, deps) },
    { method: 'POST', path: '/v1/tasks/:id/pick', route: 'task-pick', answer: step('pick') },
    { method: 'POST', path: '/v1/tasks/:id/pack', route: 'task-pack', answer: step('pack') },
    { method: 'POST', path: '/v1/tasks/:id/ship', route: 'task-ship', answer: step('ship') },
  ];
}

/** Oldest first; `next` is the `after` of the next page and absent on the last. */
function page(context: HttpContext, { ledger, limits }: HttpDependencies): Response {
  const query = new Query(context, ['state', 'after', 'limit']);
  const state = stateIn(query.list('state'));
  const { tasks, next } = ledger.tasks.page(state, query.sequence('after') ?? 0, query.limit(limits));
  return Response.json({ tasks: tasks.map(taskBody), next });
}

/** With where the books have the goods, for whoever goes to fetch them. */
function one(context: HttpContext, { ledger }: HttpDependencies): Response {
  const id = context.req.param('id') ?? '';
  const task = ledger.tasks.find(id);
  if (task === undefined) throw refusedProblem({ refusal: 'unknown', document: 'task', id });
  const due = task.lines.filter((line) => openUnits(line) > 0);
  const places = task.state === 'open' ? due.map((line) => ({ sku: line.sku, in: placesOf(line.sku) })) : undefined;
  return Response.json({ ...taskBody(task), places });

  function placesOf(of: (typeof due)[number]['sku']) {
    return ledger.view.detail(of)?.balances.filter(({ condition }) => condition === 'sellable') ?? [];
  }
}

async function take(
  context: HttpContext,
  step: TaskStep,
  deps: HttpDependencies,
  lastUnits: LastUnitsCall,
): Promise<Response> {
  const { ledger, limits } = deps;
  const task = context.req.param('id') ?? '';
  const body = await readBody(context, bodies[step], limits);
  const route = `tasks/${task}/${step}`;
  // A step is done once, so it is its own key, as a receipt is; one that is sent along is held to nevertheless.
  const idempotency = keyedWrite(context, route, body, { limits });
  if (step === 'ship') await askBeforeShip(task, ledger, lastUnits);
  const outcome = await ledger.record({
    type: 'task-step',
    ...{ task, step },
    ...body,
    fingerprint: fingerprintOf(route, body),
    ...(idempotency === undefined ? {} : { idempotency }),
  } as TakeStep);
  if (outcome.outcome !== 'recorded' && outcome.outcome !== 'duplicate') return outcomeResponse(outcome, limits);
  const { answer } = must(ledger.tasks.step(task, step), 'a step that was done is kept with its answer');
  const headers = outcome.outcome === 'duplicate' ? { 'idempotency-replayed': 'true' } : {};
  return Response.json(taskBody(answer), { headers });
}

/** Of what would leave with the task; nothing once it has left. Of one that was given up no unit is set aside any more. */
function askBeforeShip(
  id: string,
  ledger: HttpDependencies['ledger'],
  lastUnits: LastUnitsCall,
): Promise<void> | undefined {
  const task = ledger.tasks.find(id);
  if (task === undefined) return undefined;
  const leaving = task.lines.map((line) => ({ sku: line.sku, quantity: leavingUnits(task, line) }));
  const units = leaving.filter(({ quantity }) => quantity > 0);
  return task.state === 'released' ? lastUnits.beforeSale(units) : lastUnits.beforeShip(units);
}

function stateIn(states: readonly string[]): TaskState | undefined {
  const [named, ...others] = states;
  if (named === undefined) return undefined;
  const state = taskStates.find((known) => known === named);
  if (state !== undefined && others.length === 0) return state;
  return refuse(problems.invalidRequest, `state is one of ${taskStates.join(', ')}, not ${states.join(', ')}.`);
}
