import { undoing, wrongState } from './change-reservation.ts';
import { appendMovements } from './record-movements.ts';
import type { Reservation } from './reservation.ts';
import type { FulfilReservation } from './reservation-command.ts';
import { setAside } from './set-aside.ts';
import { type Decision, Draft, type SiteState } from './site-state.ts';

/**
 * Decides the sale that ends a reservation: its set-aside is taken back and the sale recorded in one command, so that nobody
 * can promise the units in between. The customer has the goods in hand, which is a fact (P4): also when the reservation was
 * over or given up, and then the books tell by an exception whose promise is short now.
 */
export function fulfilReservation(state: SiteState, command: FulfilReservation): Decision {
  const { id, document } = command;
  const reservation = state.documents.reservation(id);
  if (reservation === undefined) {
    return { outcome: 'refused', refusal: { refusal: 'unknown', document: 'reservation', id } };
  }
  if (reservation.state === 'fulfilled') {
    if (reservation.receipt === document) return { outcome: 'done-before' };
    const why = `it was taken with receipt ${reservation.receipt}; another sale is recorded with POST /v1/sales`;
    return wrongState(reservation, reservation.state, why);
  }

  const drafts = new Draft(state);
  if (reservation.state === 'held' || reservation.state === 'confirmed') {
    for (const [line, { sku, quantity }] of reservation.lines.entries()) {
      setAside(drafts, { kind: undoing(reservation), sku, quantity, line, details: { document: id } });
    }
  }
  const sale = { ...command, type: 'record', kind: 'sale', lines: reservation.lines } as const;
  const exceptions = appendMovements(drafts, sale, state.today);
  const after: Reservation = { ...reservation, state: 'fulfilled', endedAt: state.now, receipt: document };
  return drafts.decision(exceptions, [{ document: 'reservation', reservation: after }]);
}
