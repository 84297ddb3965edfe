import type { Sku } from '@edgestock/shared/inventory/ids';
import { isSellable, type MovementDetails, type MovementKind } from '@edgestock/shared/inventory/movement';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import type { DocumentWrite } from './documents.ts';
import { defaultPlace } from './draw.ts';
import { disagreements } from './exceptions.ts';
import type { StatedMovements } from './movement-command.ts';
import type { ExceptionKind, OpenedException } from './outcome.ts';
import { appendMovements } from './record-movements.ts';
import { type Place, type PlacedQuantity, type Shelf, unsellableChange, withBalance } from './shelf.ts';
import { type Decision, Draft, type SiteState } from './site-state.ts';

type Told = { readonly sku: Sku; readonly line: number; readonly details?: MovementDetails };

/** The movements of a command that follows from a document, and what the books have against them, in order. */
export class Recording {
  readonly #drafts: Draft;
  readonly #today: string;
  readonly #exceptions: OpenedException[] = [];

  constructor(state: SiteState) {
    this.#drafts = new Draft(state);
    this.#today = state.today;
  }

  /** As the movements so far have left it. */
  shelf(sku: Sku): Shelf {
    return this.#drafts.shelf(sku);
  }

  /** Units are set aside or given free; the goods stay where they are. Of no units, nothing is recorded. */
  aside(kind: MovementKind, quantity: number, { sku, line, details = {} }: Told): void {
    if (quantity === 0) return;
    const shelf = this.shelf(sku);
    const position = withSetAsides(shelf.position, kind, quantity);
    this.#append({ kind, line, quantity, details, shelf: { ...shelf, position } }, shelf, defaultPlace({}));
  }

  /** Units leave a place, or go from it to another one. */
  take(kind: 'ship' | 'adjust' | 'move', from: PlacedQuantity, told: Told & { readonly to?: Place }): void {
    const { sku, line, to, details = {} } = told;
    const shelf = this.shelf(sku);
    const { quantity } = from;
    const left = withBalance(shelf.balances, from, -quantity);
    const unsellable = unsellableChange(from, -quantity) + (to === undefined ? 0 : unsellableChange(to, quantity));
    const position = withSetAsides(shelf.position, kind, quantity);
    const after: Shelf = {
      ...shelf,
      position: {
        ...position,
        onHand: position.onHand - (to === undefined ? quantity : 0),
        unsellable: position.unsellable + unsellable,
      },
      balances: to === undefined ? left : withBalance(left, to, quantity),
    };
    const placed = { ...details, ...placeDetails(from, to) };
    const change = to === undefined ? -quantity : quantity;
    this.#append({ kind, line, quantity: change, details: placed, shelf: after }, shelf, from);
  }

  /** A fact that the command states as well, after what it set free. */
  record(command: StatedMovements): void {
    this.#exceptions.push(...appendMovements(this.#drafts, command, this.#today));
  }

  /** A movement whose shelf is known already, with what the books have against it. */
  tell(movement: Parameters<Draft['append']>[0], before: Shelf, place: Place): void {
    this.#append(movement, before, place);
  }

  /** The books disagree in a way that no shelf shows; told of the SKU's last movement. */
  open(kind: ExceptionKind, sku: Sku, deficit: number): void {
    this.#exceptions.push({ kind, sku, sequence: this.shelf(sku).position.sequence, deficit });
  }

  decision(writes: readonly DocumentWrite[]): Decision {
    return this.#drafts.decision(this.#exceptions, writes);
  }

  #append(movement: Parameters<Draft['append']>[0], before: Shelf, place: Place): void {
    const after = this.#drafts.append(movement);
    this.#exceptions.push(...disagreements({ kind: movement.kind, before, after, place, today: this.#today }));
  }
}

function placeDetails(from: Place, to: Place | undefined): MovementDetails {
  return {
    ...(from.bin !== '' && { bin: from.bin }),
    ...(from.lot !== '' && { lot: from.lot }),
    ...(!isSellable(from.condition) && { condition: from.condition }),
    ...(to !== undefined && { toBin: to.bin }),
    ...(to !== undefined && to.condition !== from.condition && { toCondition: to.condition }),
  };
}
