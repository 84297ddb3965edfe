import { type Condition, isSellable, type MovementDetails, movementKinds } from '@edgestock/shared/inventory/movement';
import { movementProblems } from './command-problems.ts';
import { defaultPlace, draw } from './draw.ts';
import { disagreements } from './exceptions.ts';
import type { MovementLine, RecordMovements, StatedMovements } from './movement-command.ts';
import type { OpenedException } from './outcome.ts';
import { type Place, type PlacedQuantity, type Shelf, unsellableChange, withBalance } from './shelf.ts';
import { type Decision, Draft, type SiteState } from './site-state.ts';

/**
 * Decides a movement command on the loaded state. A fact is always recorded (P4): where the books disagree, an exception is
 * opened beside it. Nothing is recorded of a command that cannot be meant. Lines are taken in order, each on the state the
 * one before left, so two lines of one SKU add up.
 */
export function recordMovements(state: SiteState, command: RecordMovements): Decision {
  const problems = movementProblems(command);
  if (problems.length > 0) return { outcome: 'invalid', problems };

  const drafts = new Draft(state);
  return drafts.decision(appendMovements(drafts, command, state.today));
}

/** Appends the movements of a command that can be meant; tells what the books have against them. `today` is `YYYY-MM-DD`. */
export function appendMovements(drafts: Draft, command: StatedMovements, today: string): readonly OpenedException[] {
  const exceptions: OpenedException[] = [];
  for (const [index, line] of command.lines.entries()) {
    const before = drafts.shelf(line.sku);
    for (const step of stepsOf(command, line, before)) {
      const shelf = drafts.shelf(line.sku);
      const after = drafts.append({
        kind: command.kind,
        line: index,
        quantity: step.change,
        details: detailsOf(command, line, step),
        shelf: { ...shelf, ...afterStep(shelf, step), expiries: withExpiry(shelf, line) },
      });
      exceptions.push(
        ...disagreements({
          kind: command.kind,
          before: shelf,
          after,
          place: step.from,
          today,
          unreadableBarcode: line.unreadableBarcode,
        }),
      );
    }
  }
  return exceptions;
}

/** One movement of a line: units leave `from` or arrive there, or go from `from` to `to`. */
type Step = {
  readonly from: Place;
  readonly to: Place | undefined;
  /** Signed for what comes and goes; the units moved for a move. */
  readonly change: number;
  /** Index of the step's first unit within the line, for sharing out serials. */
  readonly unitOffset: number;
};

function stepsOf(command: StatedMovements, line: MovementLine, shelf: Shelf): readonly Step[] {
  const scope = { bin: line.bin, lot: line.lot, condition: line.condition ?? 'sellable' };
  const { change } = movementKinds[command.kind];
  if (change === 'none') {
    // A move names its bin; the default bin is a bin. Lots within it are drawn by the usual rule.
    return steps(draw(shelf, line.quantity, { ...scope, bin: line.bin ?? '' }), 1, (from) => ({
      bin: line.toBin ?? from.bin,
      lot: from.lot,
      condition: line.toCondition ?? from.condition,
    }));
  }
  const signed = change === 'out' ? -line.quantity : line.quantity;
  if (signed > 0) return [{ from: defaultPlace(scope), to: undefined, change: signed, unitOffset: 0 }];
  return steps(draw(shelf, -signed, scope), -1, () => undefined);
}

function steps(
  drawn: readonly PlacedQuantity[],
  sign: 1 | -1,
  toOf: (from: Place) => Place | undefined,
): readonly Step[] {
  let unitOffset = 0;
  return drawn.map((from) => {
    const step = { from, to: toOf(from), change: sign * from.quantity, unitOffset };
    unitOffset += from.quantity;
    return step;
  });
}

function afterStep(shelf: Shelf, step: Step): Pick<Shelf, 'position' | 'balances'> {
  const { position, balances } = shelf;
  if (step.to !== undefined) {
    const left = withBalance(balances, step.from, -step.change);
    const moved = unsellableChange(step.to, step.change) - unsellableChange(step.from, step.change);
    return {
      position: { ...position, unsellable: position.unsellable + moved },
      balances: withBalance(left, step.to, step.change),
    };
  }
  return {
    position: {
      ...position,
      onHand: position.onHand + step.change,
      unsellable: position.unsellable + unsellableChange(step.from, step.change),
    },
    balances: withBalance(balances, step.from, step.change),
  };
}

function withExpiry(shelf: Shelf, line: MovementLine): ReadonlyMap<string, string> {
  if (line.expiry === undefined || line.lot === undefined || shelf.expiries.get(line.lot) === line.expiry)
    return shelf.expiries;
  return new Map(shelf.expiries).set(line.lot, line.expiry);
}

function detailsOf(command: StatedMovements, line: MovementLine, step: Step): MovementDetails {
  // By assignment: this runs once per movement, and absent fields must stay absent on the wire.
  const details: { -readonly [Key in keyof MovementDetails]: MovementDetails[Key] } = {};
  if (command.document !== undefined) details.document = command.document;
  if (command.actor !== undefined) details.actor = command.actor;
  const reason = line.reason ?? command.reason;
  if (reason !== undefined) details.reason = reason;
  if (command.occurredAt !== undefined) details.occurredAt = command.occurredAt;
  if (command.otherWarehouse !== undefined) details.otherWarehouse = command.otherWarehouse;
  placeDetails(details, step);
  if (line.expiry !== undefined) details.expiry = line.expiry;
  if (line.serials !== undefined) {
    details.serials = line.serials.slice(step.unitOffset, step.unitOffset + Math.abs(step.change));
  }
  return details;
}

function placeDetails(
  details: { bin?: string; lot?: string; condition?: Condition; toBin?: string; toCondition?: Condition },
  step: Step,
): void {
  if (step.from.bin !== '') details.bin = step.from.bin;
  if (step.from.lot !== '') details.lot = step.from.lot;
  if (!isSellable(step.from.condition)) details.condition = step.from.condition;
  if (step.to !== undefined) {
    details.toBin = step.to.bin;
    if (step.to.condition !== step.from.condition) details.toCondition = step.to.condition;
  }
}
