import type { Sku } from '@edgestock/shared/inventory/ids';
import { conditions, isSellable, movementKindOf } from '@edgestock/shared/inventory/movement';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import { decodeDelta, WireError } from '@edgestock/shared/protocol/codec';
import type { Delta } from '@edgestock/shared/protocol/delta';
import { placeChanges } from '../rules/place-changes.ts';
import type { AuditedBalance, AuditedPosition } from '../store/ledger-audit.ts';
import type { MovementRow } from '../store/movement-store.ts';
import type { Differences } from './difference.ts';

/** Everything the tables say of one SKU. */
export type AuditedShelf = {
  readonly sku: Sku;
  readonly isItem: boolean;
  readonly position: AuditedPosition | undefined;
  readonly balances: readonly AuditedBalance[];
  readonly checkpointBalances: readonly AuditedBalance[];
  /** Its movements in the log, oldest first. */
  readonly movements: Iterable<MovementRow>;
};

const SET_ASIDES = ['reserved', 'committed', 'quota', 'safetyStock', 'granted', 'allocated', 'returned'] as const;

/** Rebuilds one SKU from the checkpoint and its movements, and holds position and balances against it. Returns the movements read. */
export function auditPosition(shelf: AuditedShelf, checkpointSequence: number, differences: Differences): number {
  const audit = new PositionAudit(shelf, checkpointSequence, differences);
  let count = 0;
  for (const row of shelf.movements) {
    audit.take(row);
    count += 1;
  }
  audit.end();
  return count;
}

class PositionAudit {
  readonly #shelf: AuditedShelf;
  readonly #checkpointSequence: number;
  readonly #differences: Differences;
  /** Units by place, as checkpoint and movements make them. */
  readonly #places = new Map<string, number>();
  #last: { readonly delta: Delta; readonly sequence: number } | undefined;

  constructor(shelf: AuditedShelf, checkpointSequence: number, differences: Differences) {
    this.#shelf = shelf;
    this.#checkpointSequence = checkpointSequence;
    this.#differences = differences;
    for (const balance of shelf.checkpointBalances) this.#add(balance, balance.quantity);
  }

  take(row: MovementRow): void {
    const delta = this.#decoded(row);
    if (delta === undefined) return;
    if (delta.sku !== this.#shelf.sku) {
      this.#difference('movement', `is filed under this SKU and says ${JSON.stringify(delta.sku)}`, row.sequence);
      return;
    }
    if (movementKindOf(delta.kind) === undefined) {
      this.#difference('movement', `has kind ${delta.kind}, which this release does not know`, row.sequence);
    }
    this.#checkHistory(delta, row.sequence);
    const before = this.#totals();
    for (const change of placeChanges(delta)) {
      this.#add({ ...change, condition: conditions.indexOf(change.condition) }, change.quantity);
    }
    this.#checkState(delta, row.sequence, before);
    this.#last = { delta, sequence: row.sequence };
  }

  end(): void {
    const { isItem, position, movements: _, ...shelf } = this.#shelf;
    if (!isItem) this.#difference('item', 'has stock or movements and is no item: the item was removed');
    if (position === undefined) this.#difference('position', 'has movements and no position: the position was removed');
    else if (this.#last !== undefined) this.#comparePosition(position, this.#last.delta, this.#last.sequence);
    else this.#compareWithCheckpoint(position);
    this.#compareBalances(shelf.balances);
  }

  #decoded(row: MovementRow): Delta | undefined {
    try {
      return decodeDelta(row.delta);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#difference('movement', `cannot be read: ${error.message}`, row.sequence);
      return undefined;
    }
  }

  #checkHistory(delta: Delta, sequence: number): void {
    const last = this.#last;
    if (last === undefined) {
      const isFirst = delta.previous === 0;
      if (delta.previous > this.#checkpointSequence) {
        this.#difference('movement', `follows movement ${delta.previous}, which is not there`, sequence);
      } else if (isFirst !== (delta.version === 1)) {
        this.#difference('movement', `has version ${delta.version} and follows movement ${delta.previous}`, sequence);
      }
      return;
    }
    if (delta.previous !== last.sequence) {
      const message = `follows movement ${delta.previous}, the one before it is ${last.sequence}: the history is broken here`;
      this.#difference('movement', message, sequence);
    }
    if (delta.version !== last.delta.version + 1) {
      this.#difference('movement', `has version ${delta.version} after version ${last.delta.version}`, sequence);
    }
  }

  /** The state that the movement left must be the one it found, changed by it. */
  #checkState(delta: Delta, sequence: number, before: Totals): void {
    const found = this.#last?.delta.state ?? before;
    const change = difference(this.#totals(), before);
    for (const name of ['onHand', 'unsellable'] as const) {
      const due = found[name] + change[name];
      if (delta.state[name] !== due) {
        const message = `left ${words[name]} ${delta.state[name]} where ${found[name]} and its change of ${change[name]} make ${due}`;
        this.#difference('movement', message, sequence);
      }
    }
    const last = this.#last?.delta.state;
    const kind = movementKindOf(delta.kind);
    if (kind === undefined || (last === undefined && delta.previous !== 0)) return;
    const due = withSetAsides(last ?? emptyQuantities, kind, delta.quantity);
    for (const name of SET_ASIDES) {
      if (delta.state[name] === due[name]) continue;
      const message = `left ${words[name]} ${delta.state[name]} where a ${kind} of ${delta.quantity} makes ${due[name]}`;
      this.#difference('movement', message, sequence);
    }
  }

  #comparePosition(position: AuditedPosition, { state, version, at }: Delta, sequence: number): void {
    const due = { ...state, version, sequence, changedAt: at };
    for (const name of Object.keys(words) as (keyof AuditedPosition)[]) {
      if (position[name] === due[name]) continue;
      const message = `${words[name]} is ${position[name]}; its last movement left ${due[name]}: the position was changed without a movement`;
      this.#difference('position', message, sequence);
    }
  }

  /** Every movement was trimmed: the sums are known, and that nothing happened since. */
  #compareWithCheckpoint(position: AuditedPosition): void {
    if (position.sequence < 1 || position.sequence > this.#checkpointSequence || position.version < 1) {
      this.#difference('position', `names movement ${position.sequence} as its last, which is not there`);
    }
    const totals = this.#totals();
    for (const name of ['onHand', 'unsellable'] as const) {
      if (position[name] === totals[name]) continue;
      const message = `${words[name]} is ${position[name]}; the checkpoint makes it ${totals[name]}, and no movement followed`;
      this.#difference('position', message);
    }
  }

  #compareBalances(balances: readonly AuditedBalance[]): void {
    const stored = new Map(balances.map((balance) => [placeOf(balance), balance.quantity]));
    for (const place of new Set([...this.#places.keys(), ...stored.keys()])) {
      const [is, due] = [stored.get(place) ?? 0, this.#places.get(place) ?? 0];
      if (is === due) continue;
      const [bin, lot, condition] = JSON.parse(place) as [string, string, number];
      const where = `bin ${bin || '(default)'}${lot && `, lot ${lot}`}, ${conditions[condition] ?? `condition ${condition}`}`;
      this.#difference('balance', `${where}: is ${is}, checkpoint and movements make ${due}`, this.#last?.sequence);
    }
  }

  #add(place: Omit<AuditedBalance, 'quantity'>, quantity: number): void {
    const key = placeOf(place);
    this.#places.set(key, (this.#places.get(key) ?? 0) + quantity);
  }

  #totals(): Totals {
    const totals = { onHand: 0, unsellable: 0 };
    for (const [place, quantity] of this.#places) {
      totals.onHand += quantity;
      const condition = conditions[(JSON.parse(place) as [string, string, number])[2]];
      if (condition === undefined || !isSellable(condition)) totals.unsellable += quantity;
    }
    return totals;
  }

  #difference(table: string, message: string, sequence?: number): void {
    this.#differences.add({ table, sku: this.#shelf.sku, sequence, message });
  }
}

type Totals = { readonly onHand: number; readonly unsellable: number };

function difference(after: Totals, before: Totals): Totals {
  return { onHand: after.onHand - before.onHand, unsellable: after.unsellable - before.unsellable };
}

function placeOf({ bin, lot, condition }: Omit<AuditedBalance, 'quantity'>): string {
  return JSON.stringify([bin, lot, condition]);
}

const words: Readonly<Record<keyof AuditedPosition, string>> = {
  onHand: 'on hand',
  unsellable: 'unsellable',
  reserved: 'reserved',
  committed: 'committed',
  quota: 'quota',
  safetyStock: 'safety stock',
  granted: 'granted',
  allocated: 'allocated',
  returned: 'returned',
  version: 'version',
  sequence: 'last sequence',
  changedAt: 'time of the last change',
};
