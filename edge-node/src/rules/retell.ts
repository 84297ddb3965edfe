import type { Sku } from '@edgestock/shared/inventory/ids';
import { type MovementDetails, type MovementKind, movementKinds } from '@edgestock/shared/inventory/movement';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import { undoing } from './change-reservation.ts';
import type { Idempotency } from './command-context.ts';
import type { DocumentWrite } from './documents.ts';
import { defaultPlace } from './draw.ts';
import { placeChanges } from './place-changes.ts';
import { placeVariance } from './post-count.ts';
import { unheard } from './receive-transfer.ts';
import { Recording } from './recording.ts';
import type { Reservation } from './reservation.ts';
import { type Shelf, unsellableChange, withBalance } from './shelf.ts';
import { setAsideEnds } from './ship-transfer.ts';
import type { Decision, SiteState } from './site-state.ts';
import { openUnits, type Task } from './task.ts';
import { type Transfer, withStage, withUnits } from './transfer.ts';

/** A movement of a log that is not the one which goes on: it happened all the same. */
export type ToldFact = {
  readonly kind: MovementKind;
  readonly sku: Sku;
  readonly quantity: number;
  readonly line: number;
  readonly details: MovementDetails;
  /** When it was recorded, milliseconds since 1970 UTC. */
  readonly at: number;
  /** Of a count that took in all there was of the SKU: what was seen, which holds whatever the books said. */
  readonly countedWhole?: number;
};

/** Units to be set aside, or no longer, so that the position says what the documents do; a total of a quota that must be met. */
export type Levelling = {
  readonly kind: 'reserve' | 'release' | 'commit' | 'uncommit' | 'grant';
  readonly sku: Sku;
  readonly quantity: number;
};

/** What a node that has rejoined records of what its log does not say. All of a command holds together. */
export type Retell = {
  readonly type: 'retell';
  readonly facts?: readonly ToldFact[];
  readonly reservations?: readonly Reservation[];
  /** Those that leave here: what is planned, and what was given up. */
  readonly transfers?: readonly Transfer[];
  readonly levellings?: readonly Levelling[];
  /** Nobody knows how many there are: nothing of them is granted before they are counted. */
  readonly recounts?: readonly Sku[];
  /** Of the command that the facts were of: whoever repeats it is answered with them. */
  readonly idempotency?: Idempotency;
};

export const REJOIN_REASON = 'rejoin';

/**
 * Decides what of a life that ended is recorded again in the one that goes on: stock as it was told, never quota. What was
 * shipped of a task lowers what the task holds; of a task that holds nothing here it is an adjustment. Promises to customers
 * are kept, also where the goods for them are missing now: that is a deficit like any other (P4).
 */
export function retell(state: SiteState, command: Retell): Decision {
  const telling = new Telling(state);
  for (const fact of command.facts ?? []) telling.fact(fact);
  for (const reservation of command.reservations ?? []) telling.reservation(reservation);
  for (const transfer of command.transfers ?? []) telling.transfer(transfer);
  for (const [line, { kind, sku, quantity }] of (command.levellings ?? []).entries()) {
    telling.recording.aside(kind, quantity, { sku, line, details: { reason: REJOIN_REASON } });
  }
  for (const sku of command.recounts ?? []) {
    // Of what never moved there is nothing to count, and nothing to grant.
    if (telling.recording.shelf(sku).position.version > 0) telling.recording.open('recount', sku, 0);
  }
  return telling.decision();
}

/** Movements of another life as this one records them. */
export class Telling {
  readonly recording: Recording;
  readonly #state: SiteState;
  readonly #tasks = new Map<string, Task>();
  /** By source and name. */
  readonly #transfers = new Map<string, Transfer>();
  readonly #reservations: DocumentWrite[] = [];

  constructor(state: SiteState, recording = new Recording(state)) {
    this.#state = state;
    this.recording = recording;
  }

  fact(fact: ToldFact): void {
    if (fact.countedWhole !== undefined) {
      this.#count(fact, fact.countedWhole);
      return;
    }
    const kind = fact.kind === 'ship' && !this.#shipped(fact) ? 'adjust' : fact.kind;
    this.#transferred(fact);
    this.#append({ ...fact, kind });
  }

  reservation(told: Reservation): void {
    const known = this.#state.documents.reservation(told.id);
    const isOpen = ({ state }: Reservation) => state === 'held' || state === 'confirmed';
    const aside = (kind: Levelling['kind']) => {
      for (const [line, { sku, quantity }] of told.lines.entries()) {
        this.recording.aside(kind, quantity, { sku, line, details: { document: told.id, reason: REJOIN_REASON } });
      }
    };
    if (known === undefined) {
      if (isOpen(told)) aside(told.state === 'confirmed' ? 'commit' : 'reserve');
    } else if (!isOpen(known) || known.state === told.state) return;
    else {
      aside(undoing(known));
      if (told.state === 'confirmed') aside('commit');
    }
    this.#reservations.push({ document: 'reservation', reservation: told });
  }

  /** A plan that the log does not tell of is one; one that was given up is so no longer. What was shipped is told as a fact. */
  transfer(told: Transfer): void {
    const { id, from, to, lines } = told;
    const known = this.#state.documents.transfer(id, from);
    if (known === undefined && told.state === 'planned') {
      const details = { document: id, reason: REJOIN_REASON, otherWarehouse: to };
      for (const [line, { sku, planned }] of lines.entries()) {
        this.recording.aside('commit', planned, { sku, line, details });
      }
    } else if (known?.state === 'planned' && told.state === 'cancelled') setAsideEnds(known, {}, this.recording);
    else return;
    this.#transfers.set(`${from} ${id}`, told);
  }

  decision(): Decision {
    return this.recording.decision(this.writes());
  }

  /** The transfers that it was told of, as they are now. */
  transfers(): readonly Transfer[] {
    return [...this.#transfers.values()];
  }

  /** What it makes of documents. */
  writes(): readonly DocumentWrite[] {
    return [
      ...[...this.#tasks.values()].map((task) => ({ document: 'task', task }) as const),
      ...[...this.#transfers.values()].map((transfer) => ({ document: 'transfer', transfer }) as const),
      ...this.#reservations,
    ];
  }

  /** Whether a task holds the units that left. */
  #shipped({ sku, quantity, details }: ToldFact): boolean {
    const id = details.document ?? '';
    const task = this.#tasks.get(id) ?? this.#state.documents.task(id);
    const line = task?.lines.find((one) => one.sku === sku);
    if (task === undefined || line === undefined || openUnits(line) < -quantity) return false;
    const lines = task.lines.map((one) => (one === line ? { ...one, shipped: one.shipped - quantity } : one));
    const isOver = lines.every((one) => openUnits(one) === 0);
    this.#tasks.set(id, { ...task, lines, state: isOver ? 'shipped' : task.state, changedAt: this.#state.now });
    return true;
  }

  #transferred({ kind, sku, quantity, details }: ToldFact): void {
    const { document: id, otherWarehouse: other, condition = 'sellable' } = details;
    const isShipment = kind === 'transfer-ship';
    if (
      id === undefined ||
      other === undefined ||
      !(isShipment || kind === 'transfer-receive' || kind === 'transfer-lost')
    )
      return;
    const here = this.#state.documents.warehouse();
    const ends = isShipment ? { id, from: here, to: other } : { id, from: other, to: here };
    const key = `${ends.from} ${id}`;
    const known =
      this.#transfers.get(key) ?? this.#state.documents.transfer(id, ends.from) ?? unheard(ends, this.#state.now);
    // What was set aside for the plan left with it.
    if (isShipment) setAsideEnds(known, {}, this.recording);
    const units = isShipment
      ? { shipped: -quantity }
      : kind === 'transfer-lost'
        ? { lost: quantity }
        : condition === 'sellable'
          ? { received: quantity }
          : { damaged: quantity };
    const after: Transfer = {
      ...known,
      lines: withUnits(known.lines, sku, units),
      // Not by a request that could be repeated: it left before, with whatever contents.
      ...(isShipment ? { shippedAs: known.shippedAs ?? REJOIN_REASON } : {}),
      changedAt: this.#state.now,
    };
    this.#transfers.set(key, withStage(after));
  }

  #count(fact: ToldFact, counted: number): void {
    const shelf = this.recording.shelf(fact.sku);
    const variance = counted - shelf.position.onHand;
    for (const { quantity, ...place } of placeVariance(shelf, { sku: fact.sku, counted }, variance)) {
      const { atSequence: _, bin: __, lot: ___, condition: ____, ...details } = fact.details;
      this.#append({
        ...fact,
        quantity,
        details: {
          ...details,
          ...(place.bin === '' ? {} : { bin: place.bin }),
          ...(place.lot === '' ? {} : { lot: place.lot }),
          ...(place.condition === 'sellable' ? {} : { condition: place.condition }),
        },
      });
    }
  }

  #append({ kind, sku, quantity, line, details: told, at }: ToldFact): void {
    const before = this.recording.shelf(sku);
    const { atSequence: _, ...rest } = told;
    const details: MovementDetails = {
      ...rest,
      occurredAt: told.occurredAt ?? at,
      ...(kind === 'adjust' && told.reason === undefined ? { reason: 'other' } : {}),
    };
    const changes = placeChanges({ kind: movementKinds[kind].code, quantity, details });
    let balances = before.balances;
    let unsellable = 0;
    for (const change of changes) {
      balances = withBalance(balances, change, change.quantity);
      unsellable += unsellableChange(change, change.quantity);
    }
    const onHand = changes.reduce((sum, change) => sum + change.quantity, 0);
    const position = withSetAsides(before.position, kind, quantity);
    const after: Shelf = {
      ...before,
      position: { ...position, onHand: position.onHand + onHand, unsellable: position.unsellable + unsellable },
      balances,
      expiries: withExpiry(before, details),
    };
    this.recording.tell({ kind, line, quantity, details, shelf: after }, before, changes[0] ?? defaultPlace({}));
  }
}

function withExpiry(shelf: Shelf, { lot, expiry }: MovementDetails): Shelf['expiries'] {
  if (lot === undefined || expiry === undefined) return shelf.expiries;
  return new Map(shelf.expiries).set(lot, expiry);
}
