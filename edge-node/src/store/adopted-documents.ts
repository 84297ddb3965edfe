import { type MovementKind, movementKindOf } from '@edgestock/shared/inventory/movement';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { Database, Statement } from 'better-sqlite3';
import { EXPIRED_REASON } from '../rules/change-reservation.ts';
import { isOfLateFact } from '../rules/late-facts.ts';
import { LATE_REASON } from '../rules/ship-task.ts';
import { type TransferUnits, withStage } from '../rules/transfer.ts';
import { UNKNOWN_REQUEST } from './idempotency-store.ts';
import { TransferStore } from './transfer-store.ts';

/** Whom a reservation is kept for of which only the movements came back. */
export const UNKNOWN_OWNER = '(not known: taken back from central)';

type Placed = { readonly sequence: number; readonly delta: Delta };

/**
 * The documents as far as a log tells them: which units are set aside for what, and what became of them. Who they are kept for,
 * by when, and where they were picked no log says; it is taken over from the books before, where there are any. What a document
 * holds never contradicts the log by more than the last command of it, which may have come in part.
 */
export class AdoptedDocuments {
  readonly #warehouse: string;
  readonly #transfers: TransferStore;
  readonly #ttlMs: number;
  readonly #reservation: Statement<[string], { state: string }>;
  readonly #reserve: Statement<[string, string, number, number]>;
  readonly #reserveLine: Statement<[string, string, number, number]>;
  readonly #reservationState: Statement<[string, number | null, string | null, string]>;
  readonly #isReservedLine: Statement<[string, string], { one: number }>;
  readonly #task: Statement<[string], { state: string }>;
  readonly #makeTask: Statement<[string, string, number, number]>;
  readonly #allocate: Statement<[string, string, number]>;
  readonly #release: Statement<[number, string, string]>;
  readonly #ship: Statement<[number, string, string]>;
  readonly #settle: Statement<[string, number, string, string]>;
  readonly #key: Statement<[number, string, string, string]>;
  readonly #known: Statement<[string, string], { first_sequence: number }>;
  readonly #lengthen: Statement<[number]>;
  #undone: { readonly sequence: number; readonly reservation: string } | undefined;
  /** The receipt whose movements are coming. */
  #receipt: { readonly name: string; readonly first: number; last: number } | undefined;

  constructor(database: Database, options: { readonly warehouse: string; readonly ttlMs: number }) {
    this.#warehouse = options.warehouse;
    this.#ttlMs = options.ttlMs;
    this.#transfers = new TransferStore(database);
    this.#reservation = database.prepare('SELECT state FROM reservation WHERE id = ?');
    this.#reserve = database.prepare(`
      INSERT INTO reservation (id, owner, state, fingerprint, created_at, expires_at) VALUES (?, ?, 'held', '', ?, ?)`);
    this.#reserveLine = database.prepare(`
      INSERT INTO reservation_line (reservation, sku, quantity, line) VALUES (?, ?, ?, ?)
      ON CONFLICT (reservation, sku) DO UPDATE SET quantity = quantity + excluded.quantity`);
    this.#reservationState = database.prepare(
      'UPDATE reservation SET state = ?, ended_at = ?, receipt = ? WHERE id = ?',
    );
    this.#isReservedLine = database.prepare('SELECT 1 AS one FROM reservation_line WHERE reservation = ? AND sku = ?');
    this.#task = database.prepare('SELECT state FROM task WHERE id = ?');
    this.#makeTask = database.prepare(`
      INSERT INTO task (id, order_id, state, made_at, changed_at) VALUES (?, ?, 'open', ?, ?) ON CONFLICT (id) DO NOTHING`);
    this.#allocate = database.prepare(`
      INSERT INTO task_line (task, sku, quantity, released, shipped, picks) VALUES (?, ?, ?, 0, 0, '[]')
      ON CONFLICT (task, sku) DO UPDATE SET quantity = quantity + excluded.quantity`);
    this.#release = database.prepare('UPDATE task_line SET released = released + ? WHERE task = ? AND sku = ?');
    this.#ship = database.prepare('UPDATE task_line SET shipped = shipped + ? WHERE task = ? AND sku = ?');
    this.#settle = database.prepare(`
      UPDATE task SET state = iif((SELECT sum(quantity - released - shipped) FROM task_line WHERE task = task.id) = 0, ?, 'open'),
        changed_at = ? WHERE id = ? AND state IN ('open', ?)`);
    this.#key = database.prepare(`
      INSERT INTO idempotency (first_sequence, movement_count, scope, key, fingerprint) VALUES (?, 1, ?, ?, ?)
      ON CONFLICT (scope, key) DO UPDATE SET first_sequence = excluded.first_sequence, movement_count = 1`);
    this.#known = database.prepare('SELECT first_sequence FROM idempotency WHERE scope = ? AND key = ?');
    this.#lengthen = database.prepare(
      'UPDATE idempotency SET movement_count = movement_count + 1 WHERE first_sequence = ?',
    );
  }

  /** In the order of the log. */
  take(placed: Placed): void {
    const { delta } = placed;
    const kind = movementKindOf(delta.kind);
    if (kind === undefined) return;
    const { document, otherWarehouse } = delta.details;
    if (kind === 'sale' || kind === 'return') this.#sold(kind, placed);
    if (document === undefined) return;
    if (otherWarehouse !== undefined) this.#transferred(kind, document, placed);
    else if (kind === 'reserve') this.#reserved(document, delta);
    else if (kind === 'release') this.#unreserved(document, placed);
    else if (kind === 'commit') this.#committed(document, placed);
    else if (kind === 'uncommit') this.#uncommitted(document, placed);
    else if (kind === 'allocate') this.#allocated(document, delta);
    else if (kind === 'ship') {
      this.#ship.run(-delta.quantity, document, delta.sku);
      this.#settle.run('shipped', delta.at, document, 'released');
    }
  }

  #reserved(id: string, { sku, quantity, line, at }: Delta): void {
    if (this.#reservation.get(id) === undefined) this.#reserve.run(id, UNKNOWN_OWNER, at, at + this.#ttlMs);
    this.#reserveLine.run(id, sku, quantity, line);
  }

  #unreserved(id: string, { sequence, delta }: Placed): void {
    const state = delta.details.reason === EXPIRED_REASON ? 'expired' : 'released';
    this.#reservationState.run(state, delta.at, null, id);
    if (state === 'released') this.#undone = { sequence, reservation: id };
  }

  #committed(id: string, { sequence, delta }: Placed): void {
    const { sku, quantity, at, details } = delta;
    if (this.#isReservedLine.get(id, sku) !== undefined) {
      this.#reservationState.run('confirmed', null, null, id);
    } else if (details.reason === LATE_REASON && this.#task.get(id) !== undefined) {
      this.#release.run(-quantity, id, sku);
      this.#settle.run('released', at, id, 'released');
    } else this.#allocated(id, delta);
    this.#undone = this.#undone?.sequence === sequence ? undefined : this.#undone;
  }

  #uncommitted(id: string, { sequence, delta }: Placed): void {
    const { sku, quantity, at } = delta;
    if (this.#isReservedLine.get(id, sku) !== undefined) {
      this.#reservationState.run('released', at, null, id);
      this.#undone = { sequence, reservation: id };
      return;
    }
    this.#release.run(quantity, id, sku);
    this.#settle.run('released', at, id, 'released');
  }

  #allocated(id: string, { sku, quantity, at }: Delta): void {
    // Central numbers the tasks of an order: `order.1`, `order.2`.
    this.#makeTask.run(id, id.replace(/\.\d+$/, ''), at, at);
    this.#allocate.run(id, sku, quantity);
  }

  /** A sale right behind the end of a reservation of its SKU is the one that fulfilled it. */
  #sold(kind: 'sale' | 'return', { sequence, delta }: Placed): void {
    const { sku, at } = delta;
    const { document = '' } = delta.details;
    const undone = this.#undone;
    if (undone?.sequence === sequence - 1 && this.#isReservedLine.get(undone.reservation, sku) !== undefined) {
      this.#reservationState.run('fulfilled', at, document, undone.reservation);
    }
    const [till, ...receipt] = document.split('/');
    if (till === undefined || receipt.length === 0) return;
    const name = `${kind} ${document}`;
    if (this.#receipt?.name === name && this.#receipt.last === sequence - 1) {
      this.#receipt.last = sequence;
      this.#lengthen.run(this.#receipt.first);
      return;
    }
    const key = `${till}\n${receipt.join('/')}`;
    // A late fact may be what was missing of a receipt. Else a number that was used again means what was recorded last.
    if (isOfLateFact(delta.details) && this.#known.get(kind, key) !== undefined) {
      this.#receipt = undefined;
      return;
    }
    this.#key.run(sequence, kind, key, UNKNOWN_REQUEST);
    this.#receipt = { name, first: sequence, last: sequence };
  }

  #transferred(kind: MovementKind, id: string, { delta }: Placed): void {
    const { sku, quantity, at, details } = delta;
    const isOut = kind === 'commit' || kind === 'uncommit' || kind === 'transfer-ship';
    if (!isOut && kind !== 'transfer-receive' && kind !== 'transfer-lost') return;
    const other = details.otherWarehouse as NonNullable<typeof details.otherWarehouse>;
    const here = this.#warehouse as typeof other;
    const [from, to] = isOut ? [here, other] : [other, here];
    const known =
      this.#transfers.find(id, from) ??
      ({
        ...{ id, from, to, state: isOut ? 'planned' : 'receiving' },
        ...{ lines: [], note: undefined, isComplete: false, closing: undefined, plannedAs: undefined },
        ...{ shippedAs: undefined, madeAt: at, changedAt: at },
      } as const);
    const before = known.lines.find((one) => one.sku === sku) ?? emptyUnits(sku);
    const after: TransferUnits = {
      ...before,
      planned: before.planned + (kind === 'commit' ? quantity : 0),
      shipped: before.shipped + (kind === 'transfer-ship' ? -quantity : 0),
      received: before.received + (kind === 'transfer-receive' && isSound(details.condition) ? quantity : 0),
      damaged: before.damaged + (kind === 'transfer-receive' && !isSound(details.condition) ? quantity : 0),
      lost: before.lost + (kind === 'transfer-lost' ? quantity : 0),
    };
    const index = known.lines.findIndex((one) => one.sku === sku);
    const lines = index === -1 ? [...known.lines, after] : known.lines.with(index, after);
    const { reason, actor } = details;
    this.#transfers.save(
      withStage({
        ...known,
        lines,
        changedAt: at,
        // What was set aside for a plan is given up when it leaves, or is cancelled; the shipment that follows says which.
        state: kind === 'uncommit' && known.state === 'planned' ? 'cancelled' : known.state,
        ...(kind === 'transfer-ship' ? { shippedAs: UNKNOWN_REQUEST } : {}),
        ...(kind === 'transfer-lost' && reason !== undefined && actor !== undefined
          ? { closing: { reason, actor }, isComplete: true }
          : {}),
      }),
    );
  }
}

function isSound(condition: Delta['details']['condition']): boolean {
  return condition === undefined || condition === 'sellable';
}

function emptyUnits(sku: Delta['sku']): TransferUnits {
  return { sku, planned: 0, shipped: 0, received: 0, damaged: 0, lost: 0 };
}
