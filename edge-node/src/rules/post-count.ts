import { isSellable, type MovementDetails } from '@edgestock/shared/inventory/movement';
import { countProblems } from './command-problems.ts';
import { defaultPlace, draw, isInScope } from './draw.ts';
import { disagreements } from './exceptions.ts';
import type { CountLine, PostCount } from './movement-command.ts';
import type { OpenedException } from './outcome.ts';
import { type PlacedQuantity, type Shelf, unsellableChange, withBalance } from './shelf.ts';
import { type Decision, Draft, type SiteState } from './site-state.ts';

/**
 * Decides a count. A count is an observation at a place in the log: its variance is taken against the balance *there*, and
 * what happened since stays valid on top of it, so trading never stops for counting. A count without variance is recorded
 * too: that somebody looked is worth knowing.
 */
export function postCount(state: SiteState, command: PostCount): Decision {
  const problems = countProblems(command, state);
  if (problems.length > 0) return { outcome: 'invalid', problems };

  const drafts = new Draft(state);
  const exceptions: OpenedException[] = [];
  for (const [index, line] of command.lines.entries()) {
    const variance = line.counted - balanceThen(state, drafts.shelf(line.sku), line);
    for (const step of placeVariance(drafts.shelf(line.sku), line, variance)) {
      const shelf = drafts.shelf(line.sku);
      const { position } = shelf;
      const after = drafts.append({
        kind: 'count',
        line: index,
        quantity: step.quantity,
        details: detailsOf(command, line, step),
        shelf: {
          ...shelf,
          position: {
            ...position,
            onHand: position.onHand + step.quantity,
            unsellable: position.unsellable + unsellableChange(step, step.quantity),
          },
          balances: withBalance(shelf.balances, step, step.quantity),
        },
      });
      exceptions.push(...disagreements({ kind: 'count', before: shelf, after, place: step, today: state.today }));
    }
  }
  return drafts.decision(exceptions);
}

/** What the books said at the counted place of the log: the balance now, less what happened since. */
function balanceThen(state: SiteState, shelf: Shelf, line: CountLine): number {
  const now = sumInScope(shelf.balances, line);
  const { atSequence } = line;
  if (atSequence === undefined) return now;
  const since = state.past
    .filter((movement) => movement.sku === line.sku && movement.sequence > atSequence)
    .reduce((sum, movement) => sum + sumInScope(movement.changes, line), 0);
  return now - since;
}

function sumInScope(quantities: readonly PlacedQuantity[], scope: CountLine): number {
  return quantities.reduce((sum, placed) => sum + (isInScope(placed, scope) ? placed.quantity : 0), 0);
}

/** Where the variance goes: missing units leave the places that have some, surplus goes to the one place there is, or the default. */
export function placeVariance(shelf: Shelf, line: CountLine, variance: number): readonly PlacedQuantity[] {
  if (variance < 0) return draw(shelf, -variance, line).map((placed) => ({ ...placed, quantity: -placed.quantity }));
  const inScope = shelf.balances.filter((balance) => isInScope(balance, line));
  const negative = inScope.find((balance) => balance.quantity < 0);
  const place = negative ?? (inScope.length === 1 ? inScope[0] : undefined) ?? defaultPlace(line);
  return [{ bin: place.bin, lot: place.lot, condition: place.condition, quantity: variance }];
}

function detailsOf(command: PostCount, line: CountLine, place: PlacedQuantity): MovementDetails {
  return {
    ...(command.document !== undefined && { document: command.document }),
    ...(command.actor !== undefined && { actor: command.actor }),
    reason: command.reason ?? 'count',
    ...(command.occurredAt !== undefined && { occurredAt: command.occurredAt }),
    ...(place.bin !== '' && { bin: place.bin }),
    ...(place.lot !== '' && { lot: place.lot }),
    ...(!isSellable(place.condition) && { condition: place.condition }),
    counted: line.counted,
    ...(line.atSequence !== undefined && { atSequence: line.atSequence }),
  };
}
