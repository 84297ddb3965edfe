import { heldOf, type Reservation, type Shortage } from '../rules/reservation.ts';
import { isoText } from './warehouse-routes.ts';

export function reservationJson(reservation: Reservation) {
  const { id, channel, owner, state, createdAt, expiresAt, ended, lines } = reservation;
  return {
    id,
    channel,
    owner,
    state,
    createdAt: isoText(createdAt),
    expiresAt: isoText(expiresAt),
    ...(ended === undefined ? {} : { ended: { at: isoText(ended.at), reason: ended.reason } }),
    lines: lines.map((line) => ({ sku: line.sku, requested: line.requested, held: heldOf(line), holds: line.holds })),
  };
}

export function shortageJson({ sku, requested, available }: Shortage) {
  return { sku, requested, available };
}
