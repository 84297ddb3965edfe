import type { MovementDetails, MovementKind } from '@edgestock/shared/inventory/movement';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { Recording } from './recording.ts';
import { type Reservation, stateAt } from './reservation.ts';
import type { ChangeReservation } from './reservation-command.ts';
import type { Decision, SiteState } from './site-state.ts';

/** Why the release of units was recorded whose time had run out. */
export const EXPIRED_REASON = 'expired';

/**
 * Decides a step of a reservation. Its state is judged with the time: one that is over is not confirmed or renewed, even before
 * its release is recorded. A step that was taken before is done before; one out of turn is refused with the state.
 */
export function changeReservation(state: SiteState, command: ChangeReservation): Decision {
  const reservation = state.documents.reservation(command.id);
  if (reservation === undefined) {
    return { outcome: 'refused', refusal: { refusal: 'unknown', document: 'reservation', id: command.id } };
  }
  switch (command.type) {
    case 'renew-reservation':
      return renew(state, reservation, command.ttlMs);
    case 'release-reservation':
      return release(state, reservation, command);
    case 'confirm-reservation':
      return confirm(state, reservation, command);
    case 'expire-reservation':
      return reservation.state === 'held' && stateAt(reservation, state.expiryTime) === 'expired'
        ? expire(state, reservation, command)
        : { outcome: 'done-before' };
    default:
      return unreachable(command);
  }
}

function renew(state: SiteState, reservation: Reservation, ttlMs: number): Decision {
  const current = stateAt(reservation, state.expiryTime);
  if (current !== 'held') {
    const why = current === 'confirmed' ? 'it is firm and has no end to put off' : overWhy;
    return wrongState(reservation, current, why);
  }
  // A retry, or a wish for less time, never takes time away that was promised.
  const expiresAt = Math.max(reservation.expiresAt, state.expiryTime + ttlMs);
  return new Recording(state).decision([{ document: 'reservation', reservation: { ...reservation, expiresAt } }]);
}

function release(state: SiteState, reservation: Reservation, command: ChangeReservation): Decision {
  const current = stateAt(reservation, state.expiryTime);
  switch (current) {
    case 'released':
      return { outcome: 'done-before' };
    case 'expired':
      // Nothing is kept any more, which is what was wanted; if that is not in the books yet, it is now.
      return reservation.state === 'held' ? expire(state, reservation, command) : { outcome: 'done-before' };
    case 'fulfilled':
      return wrongState(reservation, current, 'the units have left; what came back is a return');
    case 'held':
    case 'confirmed':
      return ended(state, reservation, { to: 'released', details: detailsOf(command) });
    default:
      return unreachable(current);
  }
}

function expire(state: SiteState, reservation: Reservation, command: ChangeReservation): Decision {
  return ended(state, reservation, { to: 'expired', details: { ...detailsOf(command), reason: EXPIRED_REASON } });
}

function ended(
  state: SiteState,
  reservation: Reservation,
  end: { readonly to: 'released' | 'expired'; readonly details: MovementDetails },
): Decision {
  const recording = new Recording(state);
  for (const [line, { sku, quantity }] of reservation.lines.entries()) {
    recording.aside(undoing(reservation), quantity, { sku, line, details: end.details });
  }
  const after: Reservation = { ...reservation, state: end.to, endedAt: state.now };
  return recording.decision([{ document: 'reservation', reservation: after }]);
}

function confirm(state: SiteState, reservation: Reservation, command: ChangeReservation): Decision {
  const current = stateAt(reservation, state.expiryTime);
  if (current === 'confirmed') return { outcome: 'done-before' };
  if (current !== 'held') return wrongState(reservation, current, overWhy);
  const recording = new Recording(state);
  const details = detailsOf(command);
  for (const [line, { sku, quantity }] of reservation.lines.entries()) {
    // Released first: between the two movements central may see more free here than there is, but never a deficit to act on.
    recording.aside('release', quantity, { sku, line, details });
    recording.aside('commit', quantity, { sku, line, details });
  }
  const after: Reservation = { ...reservation, state: 'confirmed' };
  return recording.decision([{ document: 'reservation', reservation: after }]);
}

/** The movement that takes back what a reservation has set aside. */
export function undoing(reservation: Pick<Reservation, 'state'>): Extract<MovementKind, 'release' | 'uncommit'> {
  return reservation.state === 'confirmed' ? 'uncommit' : 'release';
}

export function wrongState(reservation: Reservation, state: string, why: string): Decision {
  const { id } = reservation;
  return { outcome: 'refused', refusal: { refusal: 'wrong-state', document: 'reservation', id, state, why } };
}

const overWhy = 'nothing is kept for it any more; reserve anew';

export function detailsOf({ id, actor }: { readonly id: string; readonly actor?: string }): MovementDetails {
  return { document: id, ...(actor === undefined ? {} : { actor }) };
}
