import { availableOf, offerable } from '@edgestock/shared/inventory/position';
import { isLineQuantity, LINE_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { detailsOf } from './change-reservation.ts';
import type { LineProblem } from './outcome.ts';
import { Recording } from './recording.ts';
import type { Shortage } from './refusal.ts';
import { demandOf, type Reservation } from './reservation.ts';
import type { Reserve } from './reservation-command.ts';
import type { Decision, SiteState } from './site-state.ts';

/**
 * Decides a reservation. A promise is made only from what is available, for all lines or for none (P3); what a till or central
 * holds already is not in it. The same id and request again was done before; with another request it is refused.
 */
export function reserve(state: SiteState, command: Reserve): Decision {
  const known = state.documents.reservation(command.id);
  if (known !== undefined) return again(known, command);
  const problems = problemsOfPromise(command.lines, 'a reservation');
  if (problems.length > 0) return { outcome: 'invalid', problems };

  const recording = new Recording(state);
  const lines = demandOf(command.lines);
  const shortages = lines.flatMap((line) => shortageOf(recording, line));
  if (shortages.length > 0) return { outcome: 'refused', refusal: { refusal: 'insufficient', shortages } };

  for (const { sku, quantity } of lines) {
    const line = command.lines.findIndex((asked) => asked.sku === sku);
    recording.aside('reserve', quantity, { sku, line, details: detailsOf(command) });
  }
  const reservation: Reservation = {
    id: command.id,
    owner: command.owner,
    note: command.note,
    state: 'held',
    lines,
    fingerprint: command.fingerprint,
    createdAt: state.now,
    expiresAt: state.expiryTime + command.ttlMs,
    endedAt: undefined,
    receipt: undefined,
  };
  return recording.decision([{ document: 'reservation', reservation }]);
}

function again(known: Reservation, command: Reserve): Decision {
  if (known.fingerprint === command.fingerprint) return { outcome: 'done-before' };
  return { outcome: 'refused', refusal: { refusal: 'other-content', document: 'reservation', id: command.id } };
}

/** What of a line cannot be promised. */
export function shortageOf(recording: Recording, { sku, quantity }: SkuQuantity): readonly Shortage[] {
  const available = offerable(availableOf(recording.shelf(sku).position));
  return available < quantity ? [{ sku, requested: quantity, available }] : [];
}

/** What keeps the lines of a promise from being meant, those of one SKU as one; `what` names it: a reservation, a transfer. */
export function problemsOfPromise(lines: readonly SkuQuantity[], what: string): readonly LineProblem[] {
  if (lines.length === 0) return [{ line: 0, code: 'no-lines', message: `${what} needs at least one line` }];
  const message = `${what} takes whole units from 1 to ${LINE_QUANTITY_MAX}`;
  const problems = lines.flatMap(({ quantity }, line) =>
    isLineQuantity(quantity) && quantity > 0 ? [] : [{ line, code: 'quantity-invalid', message }],
  );
  return problems.length > 0 ? problems : excessiveSums(lines, message);
}

/** Each SKU is kept as one line, and could not be shipped beyond the bound of one. */
function excessiveSums(lines: readonly SkuQuantity[], bound: string): readonly LineProblem[] {
  return demandOf(lines).flatMap(({ sku, quantity }) => {
    if (quantity <= LINE_QUANTITY_MAX) return [];
    const line = lines.findLastIndex((one) => one.sku === sku);
    const message = `the lines of ${sku} make ${quantity} units together: ${bound} of a SKU`;
    return [{ line, code: 'quantity-invalid', message }];
  });
}
