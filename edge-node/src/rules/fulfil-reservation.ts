import { undoing, wrongState } from './change-reservation.ts';
import { Recording } from './recording.ts';
import type { Reservation } from './reservation.ts';
import type { FulfilReservation } from './reservation-command.ts';
import type { Decision, SiteState } from './site-state.ts';

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

  const recording = new Recording(state);
  if (reservation.state === 'held' || reservation.state === 'confirmed') {
    for (const [line, { sku, quantity }] of reservation.lines.entries()) {
      recording.aside(undoing(reservation), quantity, { sku, line, details: { document: id } });
    }
  }
  recording.record({ ...command, kind: 'sale', lines: reservation.lines });
  const after: Reservation = { ...reservation, state: 'fulfilled', endedAt: state.now, receipt: document };
  return recording.decision([{ document: 'reservation', reservation: after }]);
}
