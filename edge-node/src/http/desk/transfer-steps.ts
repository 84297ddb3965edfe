import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { fingerprintOf } from '@edgestock/shared/runtime/idempotency-key';
import { z } from 'zod';
import type { MovementLine, Transfer, TransferCommand } from '../../ledger/command.ts';
import type { LastUnitsCall } from '../../ledger/last-units.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { flag, linesOf, reason, text, warehouse } from '../fields.ts';
import { keyedWrite } from '../idempotency.ts';
import { movementLine, movementLines } from '../lines.ts';
import { readBody, readOptionalBody } from '../request-body.ts';
import { expectedInstead } from './expected-transfers.ts';
import { transferAnswer } from './transfers.ts';

const who = z.strictObject({ actor: text.exactOptional() });
const shipment = who.extend({
  lines: linesOf(movementLine.pick({ sku: true, barcode: true, quantity: true, bin: true, lot: true })).exactOptional(),
});
const arrival = who.extend({
  from: warehouse.exactOptional(),
  lines: linesOf(movementLine.omit({ toBin: true, toCondition: true, serials: true, reason: true })),
  isLast: flag.exactOptional(),
});
const closing = z.strictObject({ from: warehouse.exactOptional(), reason, actor: text });

/** What becomes of a transfer: shipped or cancelled at its source; received, and closed, where it arrives. */
export function transferStepDoors(deps: HttpDependencies, lastUnits: LastUnitsCall): readonly Door[] {
  return [
    {
      method: 'POST',
      path: '/v1/transfers/:id/ship',
      route: 'transfer-ship',
      answer: (context) => ship(context, deps, lastUnits),
    },
    {
      method: 'POST',
      path: '/v1/transfers/:id/cancel',
      route: 'transfer-cancel',
      answer: (context) => cancel(context, deps),
    },
    {
      method: 'POST',
      path: '/v1/transfers/:id/receive',
      route: 'transfer-receive',
      answer: (context) => receive(context, deps),
    },
    {
      method: 'POST',
      path: '/v1/transfers/:id/close',
      route: 'transfer-close',
      answer: (context) => close(context, deps),
    },
  ];
}

/** Goods leave once, so the step is its own key; one that is sent along is held to nevertheless. */
async function ship(context: HttpContext, deps: HttpDependencies, lastUnits: LastUnitsCall): Promise<Response> {
  const { ledger, clock, limits } = deps;
  const body = await readOptionalBody(context, shipment, limits);
  const id = idIn(context);
  const lines = body.lines && movementLines(body.lines, { view: ledger.view, clock, limits, kind: 'transfer-ship' });
  const transfer = ledger.transfers.find(id, ledger.view.log().warehouse);
  if (transfer?.state === 'planned') await askForMissing(transfer, lines, lastUnits);
  const fingerprint = fingerprintOf('transfers/ship', body);
  const command = { type: 'ship-transfer', ...(lines === undefined ? {} : { lines }), fingerprint } as const;
  return step(context, { name: 'ship', body, deps: { ...deps, isIdempotencyKeyRequired: false } }, command);
}

/** What is shipped as planned takes its set-aside along; what goes beyond the plan is taken from everybody, as a sale is. */
async function askForMissing(
  transfer: Transfer,
  lines: readonly MovementLine[] | undefined,
  lastUnits: LastUnitsCall,
): Promise<void> {
  const planned = transfer.lines.map(({ sku, planned: quantity }) => ({ sku, quantity }));
  await lastUnits.beforeShip(planned);
  if (lines === undefined) return;
  const due = new Map(planned.map(({ sku, quantity }) => [sku, quantity]));
  const beyond = lines.flatMap(({ sku, quantity }) => {
    const covered = Math.min(quantity, due.get(sku) ?? 0);
    due.set(sku, (due.get(sku) ?? 0) - covered);
    return quantity > covered ? [{ sku, quantity: quantity - covered }] : [];
  });
  await lastUnits.beforeSale(beyond);
}

async function cancel(context: HttpContext, deps: HttpDependencies): Promise<Response> {
  const body = await readOptionalBody(context, who, deps.limits);
  const unkeyed = { ...deps, isIdempotencyKeyRequired: false };
  return step(context, { name: 'cancel', body, deps: unkeyed }, { type: 'cancel-transfer' });
}

/** Goods may arrive in several lots that look the same, so only a key tells a retry from the next one. */
async function receive(context: HttpContext, deps: HttpDependencies): Promise<Response> {
  const { ledger, clock, limits } = deps;
  const body = await readBody(context, arrival, limits);
  const lines = movementLines(body.lines, { view: ledger.view, clock, limits, kind: 'transfer-receive' });
  const { from, isLast = false } = body;
  const origin = from === undefined ? {} : { from };
  return step(context, { name: 'receive', body, deps }, { type: 'receive-transfer', ...origin, lines, isLast });
}

async function close(context: HttpContext, deps: HttpDependencies): Promise<Response> {
  const body = await readBody(context, closing, deps.limits);
  const unkeyed = { ...deps, isIdempotencyKeyRequired: false };
  return step(context, { name: 'close', body, deps: unkeyed }, { type: 'close-transfer', ...body });
}

type WithoutContext<Of> = Of extends unknown ? Omit<Of, 'id' | 'idempotency'> : never;

async function step(
  context: HttpContext,
  asked: { readonly name: string; readonly body: { readonly actor?: string }; readonly deps: HttpDependencies },
  command: WithoutContext<TransferCommand>,
): Promise<Response> {
  const { name, body, deps } = asked;
  const id = idIn(context);
  const idempotency = keyedWrite(context.req, `transfers/${id}/${name}`, body, deps);
  const outcome = await deps.ledger.record({
    ...(body.actor === undefined ? {} : { actor: body.actor }),
    ...command,
    id,
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  const isReceipt = command.type === 'receive-transfer';
  const more = (transfer: Transfer) => (isReceipt ? expectedInstead(transfer, deps) : {});
  const from = sourceOf(command, deps);
  return transferAnswer(outcome, { id, ...(from === undefined ? {} : { from }), status: 200, more }, deps);
}

/** Where the transfer comes from, as far as the request says it: what is shipped or cancelled leaves from here. */
function sourceOf(command: WithoutContext<TransferCommand>, { ledger }: HttpDependencies): WarehouseId | undefined {
  if (command.type === 'receive-transfer' || command.type === 'close-transfer') return command.from;
  return ledger.view.log().warehouse;
}

function idIn(context: HttpContext): string {
  return context.req.param('id') ?? '';
}
