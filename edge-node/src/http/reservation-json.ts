import type { Reservation } from '../ledger/command.ts';
import { isoTime } from './movement-json.ts';

/** A reservation as every answer shows it. */
export function reservationBody(reservation: Reservation) {
  const { id, owner, note, state, lines, createdAt, expiresAt, endedAt, receipt } = reservation;
  const isTimed = state === 'held' || state === 'expired';
  return {
    id,
    owner,
    ...(note === undefined ? {} : { note }),
    state,
    lines,
    createdAt: isoTime(createdAt),
    // A confirmed one is firm: telling its former end would mislead.
    ...(isTimed ? { expiresAt: isoTime(expiresAt) } : {}),
    ...(endedAt === undefined ? {} : { endedAt: isoTime(endedAt) }),
    ...(receipt === undefined ? {} : { receipt }),
  };
}
