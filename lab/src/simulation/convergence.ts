import { centralLimits } from '@edgestock/central/limits';
import { unspentOf } from '@edgestock/central/store/central-store';
import { openUnits } from '@edgestock/edge-node/ledger/command';
import { grantOf } from '@edgestock/edge-node/rules/grant';
import type { Sku } from '@edgestock/shared/inventory/ids';
import { movementKindOf } from '@edgestock/shared/inventory/movement';
import { deficitOf, type Quantities } from '@edgestock/shared/inventory/position';
import { termsFor } from '@edgestock/shared/inventory/quota';
import type { AuditedNode } from './audited-node.ts';
import { inWords } from './node-audit.ts';
import type { Operator } from './operator.ts';
import { type CentralBooks, tasksAt, unknownAt } from './promise-audit.ts';
import { LONG_TTL_SECONDS } from './storefront.ts';
import { transferDifference } from './transfer-audit.ts';
import { hold } from './violation.ts';
import type { World } from './world.ts';

/** Longest wait of anything that tries again, and a few rounds of it. */
const CONVERGED_WITHIN_MS = 180_000;
const LOOK_EVERY_MS = 5_000;

/** Once nothing goes wrong any more, both sides come to say the same, within a bound. */
export async function converge(world: World, operator: Operator): Promise<void> {
  let difference: string | undefined;
  for (let waitedMs = 0; waitedMs <= CONVERGED_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
    await world.pass(LOOK_EVERY_MS);
    if (world.hasBadDisks) world.start(operator.attend());
    difference = await differenceIn(world);
    if (difference === undefined) return;
  }
  hold(false, () => `not converged after ${CONVERGED_WITHIN_MS / 1_000} s: ${difference}`);
}

/** Nobody comes any more, and nobody works: time alone brings every order to its end. */
export async function endOrders(world: World, operator: Operator): Promise<void> {
  await releaseUnknown(world);
  const steps = [LONG_TTL_SECONDS * 1_000, centralLimits.orderShipWithinMs, centralLimits.orderServeWithinMs];
  // All at once is as true, and another way to get there: central was down for months.
  const jumps = world.chance.happens(0.7) ? [steps.reduce((sum, ms) => sum + ms, 0)] : steps;
  for (const ms of jumps) {
    world.trace.note(`${ms / 1_000} s pass at once`);
    world.clock.stepWall(ms);
    await converge(world, operator);
  }
  await world.promises.check({ isWhole: true });
  await checkLogs(world);
  const { orders, reservations, positions } = await world.promises.books();
  for (const { id, state } of orders)
    hold(state === 'done' || state === 'cancelled', () => `${id} never ends: ${state}`);
  for (const { id, state } of reservations) hold(state !== 'held', () => `${id} never ends`);
  for (const { sku, warehouse, atCentral } of [...positions.values()].flat()) {
    hold(atCentral.held === 0, () => `${warehouse} ${sku}: ${atCentral.held} held for nobody`);
  }
  for (const { audit } of world.nodes) {
    for (const task of audit.tasks) {
      hold(
        task.lines.every((line) => openUnits(line) === 0),
        () => `${task.id} never ends: ${JSON.stringify(task)}`,
      );
    }
  }
}

/** An operator has given up what nobody asks for; central may be unsettled no more. */
async function releaseUnknown(world: World): Promise<void> {
  for (const { warehouse, task } of await world.central.store.unknownTasks(undefined, 1_000)) {
    const outcome = await world.central.life?.promises.releaseUnknownTask(warehouse, task);
    hold(outcome?.outcome === 'set', () => `${task} cannot be given up: ${JSON.stringify(outcome)}`);
  }
}

/** What both sides do not agree on, or central has not taken care of; `undefined` when there is nothing. */
async function differenceIn(world: World): Promise<string | undefined> {
  const { store } = world.central;
  const books = await world.promises.books();
  for (const one of world.nodes) {
    const { warehouse } = one.node;
    const record = await store.warehouse(warehouse);
    const head = one.node.store.outbox.head().sequence;
    if (record?.appliedUpTo !== head) return `${warehouse}: central has applied ${record?.appliedUpTo} of ${head}`;
    const down = await store.downHead(warehouse);
    const carriedOut = one.node.store.documents.inbox().sequence;
    if (down?.sequence !== carriedOut || down.carriedOut !== carriedOut) {
      return `${warehouse}: carried out ${carriedOut} of ${down?.sequence}, central knows of ${down?.carriedOut}`;
    }
    if (record.unsettled !== undefined) return `${warehouse}: not settled, ${JSON.stringify(record.unsettled)}`;
    const begin = (await store.snapshotOf(warehouse))?.sequence;
    const difference = differenceAt(one, books) ?? policyProblem(one) ?? beyondPolicy(one, books, begin);
    if (difference !== undefined) return difference;
  }
  return (await transferDifference(world.nodes, world.central)) ?? waitingProblem(world, books);
}

/** Every movement of every node is in central's log, at its place, and nothing else is; before a snapshot there may be none. */
async function checkLogs({ nodes, central }: World): Promise<void> {
  for (const { node, audit } of nodes) {
    const there: string[] = [];
    for (const sku of audit.positions.keys()) {
      for (const entry of await central.store.history(node.warehouse, sku, { limit: Number.MAX_SAFE_INTEGER })) {
        const kind = entry.kind === 'movement' ? movementKindOf(entry.delta.kind) : undefined;
        hold(entry.kind === 'movement' && kind !== undefined, () => `${node.warehouse}: ${entry.sequence} is opaque`);
        if (entry.kind === 'movement' && kind !== undefined) {
          there[entry.sequence - 1] = inWords({ ...entry.delta, kind });
        }
      }
    }
    const begin = (await central.store.snapshotOf(node.warehouse))?.sequence ?? 0;
    for (const [index, entry] of audit.entries.entries()) {
      const known = there[index];
      if (known === undefined && index < begin) continue;
      hold(known === entry, () => `${node.warehouse}: ${index + 1} is "${entry}", in central's log "${known}"`);
    }
  }
}

/** Whoever has paid waits only while there is nothing for him. */
async function waitingProblem(world: World, { orders }: CentralBooks): Promise<string | undefined> {
  for (const { id, state, channel, lines } of orders) {
    for (const { sku, backordered } of state === 'firm' ? lines : []) {
      const { available } = await world.central.store.availability(sku, channel);
      if (backordered > 0 && available > 0) return `${id} waits for ${sku}, and ${available} are there`;
    }
  }
  return undefined;
}

/** Every position keeps what central's policy wants kept, and has granted what the policy has due. */
function policyProblem({ node, audit }: AuditedNode): string | undefined {
  const { documents } = node.store;
  for (const [sku, position] of audit.positions) {
    const { sharePercent, safetyStock } = termsFor(documents.policy(), documents.skuPolicy(sku));
    if (position.safetyStock !== safetyStock) {
      return `${node.warehouse} ${sku}: ${position.safetyStock} kept where ${safetyStock} are to be`;
    }
    const due = grantOf({ position, sharePercent, isLinkUp: true, hasGained: false });
    if (due > 0) return `${node.warehouse} ${sku}: ${due} are to be granted`;
  }
  return undefined;
}

/** Central offers nothing that policy does not allow it. */
function beyondPolicy(
  { node, audit }: AuditedNode,
  books: CentralBooks,
  begin: number | undefined,
): string | undefined {
  const { documents } = node.store;
  for (const known of books.positions.get(node.warehouse) ?? []) {
    const { sku, quota } = known;
    const most = audit.quotas.most(sku, termsFor(documents.policy(), documents.skuPolicy(sku)), begin);
    if (unspentOf(known) > 0 && quota > most) {
      return `${node.warehouse} ${sku}: ${unspentOf(known)} of ${quota} on offer, where policy allows ${most} in all`;
    }
  }
  return undefined;
}

function differenceAt(one: AuditedNode, books: CentralBooks): string | undefined {
  const { audit, warehouse } = one;
  const positions = books.positions.get(warehouse) ?? [];
  if (positions.length < audit.positions.size) return `${warehouse}: central lacks a position`;
  for (const known of positions) {
    const { sku, atCentral } = known;
    const at = audit.position(sku);
    const told = () => `${warehouse} ${sku}: central ${JSON.stringify(known)}, node ${JSON.stringify(at)}`;
    for (const name of Object.keys(at) as (keyof Quantities)[]) if (known[name] !== at[name]) return told();
    if (at.returned !== atCentral.returned || at.allocated !== atCentral.allocatedSent) return told();
    if (at.quota !== unspentOf(known) + atCentral.held) return told();
    const problem = taskProblem(one, books, known.sku) ?? deficitProblem(one, books, known);
    if (problem !== undefined) return `${told()}: ${problem}`;
  }
  return undefined;
}

function taskProblem(at: AuditedNode, books: CentralBooks, sku: Sku): string | undefined {
  const { audit, warehouse } = at;
  const here = audit.tasks.flatMap(({ id, lines }) => lines.map((line) => ({ ...line, task: id })));
  const there = [...tasksAt(books, warehouse, sku, at), ...unknownAt(books, warehouse, sku)];
  if (here.filter((line) => line.sku === sku).length !== there.length) return 'other tasks than central made';
  const forgotten = new Set(books.unknownTasks.map(({ task }) => task));
  for (const { task, quantity, shipped, givenUp, releasing } of there) {
    const line = here.find((one) => one.task === task && one.sku === sku);
    // Central leaves a task as it was given up, and tells of what left all the same in the order's history.
    const late = forgotten.has(task) ? 0 : (audit.shippedLate.get(`${task} ${sku}`) ?? 0);
    const isSame = line?.quantity === quantity && line.shipped === shipped + late && line.released === givenUp - late;
    if (!isSame || releasing !== 0)
      return `${task}: ${JSON.stringify({ line, quantity, shipped, givenUp, releasing })}`;
  }
  return undefined;
}

/** Of goods that are missing nothing is promised any more that central can take back or have from elsewhere. */
function deficitProblem(
  { audit }: AuditedNode,
  books: CentralBooks,
  known: CentralBooks['positions'] extends ReadonlyMap<unknown, readonly (infer P)[]> ? P : never,
): string | undefined {
  const { sku, warehouse, atCentral } = known;
  const deficit = deficitOf(audit.position(sku));
  if (deficit === 0) return undefined;
  const { reserved = 0, committedHere = 0 } = audit.setAsides().get(sku) ?? {};
  if (unspentOf(known) > 0) return `${deficit} missing and ${unspentOf(known)} unspent`;
  // Nobody asks them back before an operator does.
  const forgotten = unknownAt(books, warehouse, sku).reduce((sum, { open }) => sum + open, 0);
  if (deficit > atCentral.held + reserved + committedHere + forgotten)
    return `${deficit} missing and tasks are not asked back`;
  const movable = Math.min(deficit, atCentral.held);
  if (movable === 0) return undefined;
  const holders = [...books.orders, ...books.reservations.filter(({ state }) => state === 'held')].filter(({ lines }) =>
    lines.some((line) => line.sku === sku && line.holds.some((one) => one.warehouse === warehouse)),
  );
  for (const { id, channel } of holders) {
    const inside = books.channels.find((one) => one.channel === channel)?.warehouses ?? [];
    const elsewhere = [...books.positions.values()]
      .flat()
      .filter((one) => one.sku === sku && one.warehouse !== warehouse && unspentOf(one) > 0)
      .filter((one) => inside === 'all' || inside.includes(one.warehouse));
    if (elsewhere.length > 0) return `${deficit} missing, held for ${id}, and ${elsewhere[0]?.warehouse} has some`;
  }
  return undefined;
}
