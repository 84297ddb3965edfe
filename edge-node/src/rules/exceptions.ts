import type { MovementKind } from '@edgestock/shared/inventory/movement';
import { deficitOf } from '@edgestock/shared/inventory/position';
import type { ExceptionKind, OpenedException } from './outcome.ts';
import { balanceAt, type Place, type Shelf } from './shelf.ts';

/** What the books have against a movement that was recorded all the same (P4). Mostly nothing. */
export function disagreements(happened: {
  readonly kind: MovementKind;
  readonly before: Shelf;
  readonly after: Shelf;
  /** Where the units left or arrived. */
  readonly place: Place;
  /** `YYYY-MM-DD` */
  readonly today: string;
  readonly unreadableBarcode?: string | undefined;
}): readonly OpenedException[] {
  const { before, after } = happened;
  const opened: OpenedException[] = [];
  const open = (kind: ExceptionKind, deficit: number) =>
    opened.push({ kind, sku: after.sku, sequence: after.position.sequence, deficit });

  const { unreadableBarcode: barcode } = happened;
  if (barcode !== undefined) {
    // That its SKU is in no catalogue goes without saying.
    opened.push({ kind: 'unreadable-barcode', sku: after.sku, sequence: after.position.sequence, deficit: 0, barcode });
  } else if (!before.isKnown) open('unknown-sku', 0);
  const shortage = worsenedShortage(happened);
  if (shortage !== undefined) open(shortage.kind, shortage.deficit);
  const expiry = after.expiries.get(happened.place.lot);
  if (happened.kind === 'sale' && expiry !== undefined && expiry < happened.today) open('expired-sold', 0);
  return opened;
}

/** The worst shortage that this movement made or made worse; the ones it hides follow from it. */
function worsenedShortage(happened: {
  before: Shelf;
  after: Shelf;
  place: Place;
}): { kind: ExceptionKind; deficit: number } | undefined {
  const { before, after, place } = happened;
  if (after.position.onHand < 0 && after.position.onHand < before.position.onHand) {
    return { kind: 'negative-on-hand', deficit: -after.position.onHand };
  }
  const deficit = deficitOf(after.position);
  if (after.position.onHand >= 0 && deficit > deficitOf(before.position)) {
    return { kind: 'negative-available', deficit };
  }
  const balance = balanceAt(after.balances, place);
  if (after.position.onHand >= 0 && balance < 0 && balance < balanceAt(before.balances, place)) {
    return { kind: 'negative-balance', deficit: -balance };
  }
  return undefined;
}

/** The kinds of exception that a movement has made good: the shortage they told of is no more. */
export function resolvedBy(kind: MovementKind, before: Shelf, after: Shelf): readonly ExceptionKind[] {
  const resolved: ExceptionKind[] = [];
  // Somebody has looked, and says what became of the units.
  if (kind === 'transfer-lost') resolved.push('transfer-over');
  if (kind === 'count') resolved.push('recount');
  if (before.position.onHand < 0 && after.position.onHand >= 0) resolved.push('negative-on-hand');
  if (deficitOf(before.position) > 0 && deficitOf(after.position) === 0) resolved.push('negative-available');
  const hasNegative = (shelf: Shelf) => shelf.balances.some((balance) => balance.quantity < 0);
  if (hasNegative(before) && !hasNegative(after)) resolved.push('negative-balance');
  return resolved;
}
