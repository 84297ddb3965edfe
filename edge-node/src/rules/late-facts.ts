import type { Sku } from '@edgestock/shared/inventory/ids';
import { whyNotRecordedLate } from '@edgestock/shared/inventory/late-movement';
import { type MovementKind, movementKindOf, movementKinds } from '@edgestock/shared/inventory/movement';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { Directive, LateRow } from '@edgestock/shared/protocol/directive';
import type { Effect } from './directive-effect.ts';
import type { Documents } from './documents.ts';
import type { LateMovement, LateReceipt } from './late-fact.ts';
import { openSurpluses, unheard } from './receive-transfer.ts';
import type { Recording } from './recording.ts';
import { Telling } from './retell.ts';
import type { SiteState } from './site-state.ts';

/** Begins the name of a late fact in the reason of what was recorded of it. */
const NAME = 'late-fact';
const REASON_CHARS_MAX = 200;

type LateFacts = Extract<Directive, { kind: 'late-facts' }>;

/**
 * Decides late facts: what happened to goods is recorded as what it was, under its document and with the time at which it
 * happened, its reason naming the late fact. Stock follows and never quota; where goods are missing now for what is promised,
 * that is a deficit like any other (P4). What the log holds already, under its receipt or as the same movement, is skipped.
 */
export function recordLateFacts(state: SiteState, { late, rows }: LateFacts, recording: Recording): Effect {
  const telling = new Telling(state, recording);
  const known = new KnownFacts(state.documents);
  const receipts = new Receipts();
  const movements = rows.map(({ sequence, delta }): LateMovement => {
    const { sku, kind: code, quantity } = delta;
    const told = { sequence, sku, kind: code, quantity };
    const kind = movementKindOf(code);
    const why = whyNotRecordedLate(code) ?? known.whyKnown(delta);
    if (kind === undefined || why !== undefined) return { ...told, recorded: undefined, skipped: why };
    telling.fact({ kind, sku, quantity, line: delta.line, details: named(delta, late), at: delta.at });
    const recorded = recording.shelf(sku).position.sequence;
    receipts.add(delta, recorded);
    return { ...told, recorded, skipped: undefined };
  });
  tellSurpluses(state, telling, recording);
  const write = { document: 'late-fact', late, rows: movements, receipts: receipts.all } as const;
  return { outcome: 'carried-out', writes: [...telling.writes(), write] };
}

/** The SKUs whose shelves it is decided on: those of its movements, and of transfers that they belong to. */
export function skusOfLate(rows: readonly LateRow[], documents: Documents): readonly { readonly sku: Sku }[] {
  return rows.flatMap(({ delta: { sku, details } }) => {
    if (details.otherWarehouse === undefined || details.document === undefined) return [{ sku }];
    return [{ sku }, ...documents.transfersNamed(details.document).flatMap(({ lines }) => lines)];
  });
}

/** Whether a movement was recorded of a late fact. */
export function isOfLateFact({ reason }: Delta['details']): boolean {
  return reason?.includes(NAME) === true;
}

function named({ details }: Delta, late: number): Delta['details'] {
  const name = `${NAME} ${late}`;
  // Codes are short; of a text from elsewhere that is none, so much stays that the movement can be sent.
  const told = details.reason?.slice(0, REASON_CHARS_MAX);
  return { ...details, reason: told === undefined ? name : `${told}, ${name}` };
}

function tellSurpluses({ documents, now }: SiteState, telling: Telling, recording: Recording): void {
  for (const transfer of telling.transfers()) {
    if (transfer.to !== documents.warehouse()) continue;
    openSurpluses(recording, documents.transfer(transfer.id, transfer.from) ?? unheard(transfer, now), transfer);
  }
}

/** What of another life this log holds. Of movements that look alike as many are known as it holds. */
export class KnownFacts {
  readonly #documents: Pick<Documents, 'movementsOf' | 'receipt'>;
  readonly #common: number;
  readonly #bySku = new Map<Sku, Map<string, number>>();

  /** `common`: both lives have the log up to there, so that of what is told behind it nothing can stand before it. */
  constructor(documents: Pick<Documents, 'movementsOf' | 'receipt'>, common = 0) {
    this.#documents = documents;
    this.#common = common;
  }

  /** Why it is not to be recorded again; `undefined` for what the log does not hold. Of a SKU, the log as it is at the first question. */
  whyKnown(delta: Delta): string | undefined {
    const scope = receiptScope(delta);
    const { document } = delta.details;
    if (scope !== undefined && document !== undefined) {
      const receipt = this.#documents.receipt(scope, document);
      // What came with late facts is compared movement by movement: a directive may hold a part of a line.
      const isTold = ({ sku, line, details }: Delta) =>
        sku === delta.sku && line === delta.line && !isOfLateFact(details);
      if (receipt?.some(isTold) === true) {
        return `the log holds this line of the receipt ${document}`;
      }
    }
    const left = this.#left(delta.sku);
    const key = likenessOf(delta);
    const count = left.get(key) ?? 0;
    if (count === 0) return undefined;
    left.set(key, count - 1);
    return 'the log holds this movement';
  }

  #left(sku: Sku): Map<string, number> {
    const known = this.#bySku.get(sku);
    if (known !== undefined) return known;
    const counts = new Map<string, number>();
    for (const delta of this.#documents.movementsOf(sku, this.#common)) {
      if (whyNotRecordedLate(delta.kind) !== undefined) continue;
      const key = likenessOf(delta);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    this.#bySku.set(sku, counts);
    return counts;
  }
}

/** A movement that was recorded again says the same of goods, and when it happened; a parcel without its task is an adjustment. */
function likenessOf({ kind, quantity, line, at, details }: Delta): string {
  const { document, bin, lot, condition, toBin, toCondition, otherWarehouse } = details;
  const { ship, adjust } = movementKinds;
  return JSON.stringify([
    kind === ship.code ? adjust.code : kind,
    ...[quantity, line, details.occurredAt ?? at, document, bin, lot, condition, toBin, toCondition, otherWarehouse],
  ]);
}

class Receipts {
  readonly all: LateReceipt[] = [];

  add(delta: Delta, recorded: number): void {
    const scope = receiptScope(delta);
    const { document } = delta.details;
    if (scope === undefined || document === undefined) return;
    const before = this.all.at(-1);
    if (before?.scope === scope && before.document === document && before.last === recorded - 1) {
      this.all[this.all.length - 1] = { ...before, last: recorded };
    } else this.all.push({ scope, document, first: recorded, last: recorded });
  }
}

/** Which door a receipt came by: its document is `till/receipt`. */
function receiptScope({ kind: code, details }: Delta): LateReceipt['scope'] | undefined {
  const kind: MovementKind | undefined = movementKindOf(code);
  if (kind !== 'sale' && kind !== 'return') return undefined;
  return details.document?.includes('/') === true ? kind : undefined;
}
