import { must } from '@edgestock/shared/runtime/assert';
import { fingerprintOf } from '@edgestock/shared/runtime/idempotency-key';
import { refuse } from '@edgestock/shared/runtime/problem';
import { responseOf } from '@edgestock/shared/runtime/whole-answer';
import { z } from 'zod';
import {
  leavingUnits,
  missings,
  openUnits,
  type ShipLine,
  type TakeStep,
  type TaskState,
  type TaskStep,
  taskStates,
} from '../../ledger/command.ts';
import type { LastUnitsCall } from '../../ledger/last-units.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { counted, linesOf, oneOf, sku, text } from '../fields.ts';
import { keyedWrite } from '../idempotency.ts';
import { outcomeAnswer } from '../outcome-response.ts';
import { problems } from '../problems.ts';
import { Query } from '../query.ts';
import { refusedProblem } from '../refused-problem.ts';
import { readOptionalBody } from '../request-body.ts';
import { taskBody } from '../task-json.ts';

const pickLine = z.strictObject({
  sku,
  picked: counted,
  missing: oneOf('missing-unknown', missings).exactOptional(),
  bin: text.exactOptional(),
  lot: text.exactOptional(),
});

const shipLine = z.strictObject({
  sku,
  shipped: counted,
  bin: text.exactOptional(),
  lot: text.exactOptional(),
});

const pickBody = z.strictObject({ lines: linesOf(pickLine).exactOptional(), actor: text.exactOptional() });
const packBody = z.strictObject({ actor: text.exactOptional() });
const shipBody = z.strictObject({
  lines: linesOf(shipLine).exactOptional(),
  actor: text.exactOptional(),
  tracking: text.exactOptional(),
});

/** What is done before a step is recorded. */
type BeforeStep<Body> = (task: string, body: Body) => Promise<void>;

/** `GET /v1/tasks`, `GET /v1/tasks/{id}` and `POST /v1/tasks/{id}/pick|pack|ship`: what central's orders have to be picked, packed and shipped from here. */
export function taskDoors(deps: HttpDependencies, lastUnits: LastUnitsCall): readonly Door[] {
  const step =
    <Body extends object>(name: TaskStep, schema: z.ZodType<Body>, before?: BeforeStep<Body>) =>
    (context: HttpContext) =>
      take(context, { step: name, schema, ...(before === undefined ? {} : { before }) }, deps);
  const ship = step('ship', shipBody, (task, { lines }) => askBeforeShip(task, lines, deps, lastUnits));
  return [
    { method: 'GET', path: '/v1/tasks', route: 'tasks', answer: (context) => page(context, deps) },
    { method: 'GET', path: '/v1/tasks/:id', route: 'task', answer: (context) => one(context, deps) },
    { method: 'POST', path: '/v1/tasks/:id/pick', route: 'task-pick', answer: step('pick', pickBody) },
    { method: 'POST', path: '/v1/tasks/:id/pack', route: 'task-pack', answer: step('pack', packBody) },
    { method: 'POST', path: '/v1/tasks/:id/ship', route: 'task-ship', answer: ship },
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

async function take<Body extends object>(
  context: HttpContext,
  what: { readonly step: TaskStep; readonly schema: z.ZodType<Body>; readonly before?: BeforeStep<Body> },
  { ledger, limits }: HttpDependencies,
): Promise<Response> {
  const { step, schema, before } = what;
  const task = context.req.param('id') ?? '';
  const body = await readOptionalBody(context, schema, limits);
  const route = `tasks/${task}/${step}`;
  // A step is done once, so it is its own key, as a receipt is; one that is sent along is held to nevertheless.
  const idempotency = keyedWrite(context.req, route, body, { limits });
  await before?.(task, body);
  const outcome = await ledger.record({
    type: 'task-step',
    ...{ task, step },
    ...body,
    fingerprint: fingerprintOf(route, body),
    ...(idempotency === undefined ? {} : { idempotency }),
  } as TakeStep);
  if (outcome.outcome !== 'recorded' && outcome.outcome !== 'duplicate')
    return responseOf(outcomeAnswer(outcome, limits));
  const { answer } = must(ledger.tasks.step(task, step), 'a step that was done is kept with its answer');
  const headers = outcome.outcome === 'duplicate' ? { 'idempotency-replayed': 'true' } : {};
  return Response.json(taskBody(answer), { headers });
}

/** Of what would leave with the task; nothing once it has left. Of units that were given up none is set aside any more. */
async function askBeforeShip(
  id: string,
  said: readonly ShipLine[] | undefined,
  { ledger }: HttpDependencies,
  lastUnits: LastUnitsCall,
): Promise<void> {
  const task = ledger.tasks.find(id);
  if (task === undefined || task.state === 'shipped') return;
  const leaving = task.lines.map((line) => {
    const of = said?.filter((one) => one.sku === line.sku).reduce((sum, { shipped }) => sum + shipped, 0);
    const units = of ?? leavingUnits(task, line);
    const committed = Math.min(units, openUnits(line));
    return { sku: line.sku, committed, late: units - committed };
  });
  const unitsOf = (which: 'committed' | 'late') =>
    leaving.filter((line) => line[which] > 0).map((line) => ({ sku: line.sku, quantity: line[which] }));
  await lastUnits.beforeShip(unitsOf('committed'));
  await lastUnits.beforeSale(unitsOf('late'));
}

function stateIn(states: readonly string[]): TaskState | undefined {
  const [named, ...others] = states;
  if (named === undefined) return undefined;
  const state = taskStates.find((known) => known === named);
  if (state !== undefined && others.length === 0) return state;
  return refuse(problems.invalidRequest, `state is one of ${taskStates.join(', ')}, not ${states.join(', ')}.`);
}
