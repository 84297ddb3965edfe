import { conditions, type MovementDetails } from '../inventory/movement.ts';
import { arrayOf, conditionOf, integer, natural, serialsOf, textOf, warehouseOf } from './wire-fields.ts';

/**
 * Details travel as a mask of those present, then their values in order: a sale names two or three of fourteen, and a nil for
 * each of the others was a quarter of its bytes. The order is append-only, so what a newer release adds comes last and is
 * ignored here.
 */
export function encodeDetails(details: MovementDetails, at: number): unknown[] {
  const values: unknown[] = [
    details.document,
    details.actor,
    details.reason,
    details.bin,
    details.lot,
    details.expiry,
    details.condition && conditions.indexOf(details.condition),
    details.toBin,
    details.toCondition && conditions.indexOf(details.toCondition),
    details.serials,
    details.counted,
    details.atSequence,
    // As the time until it was recorded: seconds take three bytes, an absolute time takes nine.
    details.occurredAt === undefined ? undefined : at - details.occurredAt,
    details.otherWarehouse,
  ];
  let mask = 0;
  const present: unknown[] = [];
  for (const [index, value] of values.entries()) {
    if (value === undefined) continue;
    mask |= 1 << index;
    present.push(value);
  }
  return mask === 0 ? [] : [mask, ...present];
}

export function decodeDetails(value: unknown, at: number): MovementDetails {
  const [stated, ...values] = arrayOf(value, 'details');
  const mask = natural(stated, 'mask of details');
  let taken = 0;
  const has = (index: number) => (mask & (1 << index)) !== 0;
  const next = () => {
    taken += 1;
    return values[taken - 1];
  };
  // Built by assignment: absent fields stay absent, and a spread of fourteen conditionals costs three times as much.
  const details: { -readonly [Key in keyof MovementDetails]: MovementDetails[Key] } = {};
  if (has(0)) details.document = textOf(next(), 'document');
  if (has(1)) details.actor = textOf(next(), 'actor');
  if (has(2)) details.reason = textOf(next(), 'reason');
  if (has(3)) details.bin = textOf(next(), 'bin');
  if (has(4)) details.lot = textOf(next(), 'lot');
  if (has(5)) details.expiry = textOf(next(), 'expiry');
  if (has(6)) details.condition = conditionOf(next());
  if (has(7)) details.toBin = textOf(next(), 'toBin');
  if (has(8)) details.toCondition = conditionOf(next());
  if (has(9)) details.serials = serialsOf(next());
  if (has(10)) details.counted = integer(next(), 'counted');
  if (has(11)) details.atSequence = natural(next(), 'atSequence');
  if (has(12)) details.occurredAt = integer(at - integer(next(), 'occurredAt'), 'occurredAt');
  if (has(13)) details.otherWarehouse = warehouseOf(next());
  return details;
}
