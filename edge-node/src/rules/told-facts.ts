import { type MovementKind, movementKindOf } from '@edgestock/shared/inventory/movement';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { ToldFact } from './retell.ts';

/** Kinds that say what happened to goods. The others follow from documents and quotas, which are told by what became of those. */
const factKinds: ReadonlySet<MovementKind> = new Set([
  ...(['receive', 'sale', 'return', 'adjust', 'move', 'scrap', 'found', 'count'] as const),
  ...(['ship', 'transfer-ship', 'transfer-receive', 'transfer-lost'] as const),
]);

/**
 * What consecutive movements say of goods, in order. A count that took in all there was of a SKU left as many on hand as it had
 * seen: it is told by that, and once, however many places its variance was found in.
 */
export function toldFacts(deltas: readonly Delta[]): readonly ToldFact[] {
  const facts: ToldFact[] = [];
  for (let index = 0; index < deltas.length; ) {
    const end = endOfCount(deltas, index);
    const steps = deltas.slice(index, end);
    index = end;
    const last = steps.at(-1);
    if (last === undefined) break;
    if (last.details.counted !== undefined && last.state.onHand === last.details.counted) {
      facts.push(...factOf(last).map((fact) => ({ ...fact, countedWhole: last.state.onHand })));
    } else facts.push(...steps.flatMap(factOf));
  }
  return facts;
}

/** Behind the last movement of the count that begins at a place; of anything else, behind that movement. */
function endOfCount(deltas: readonly Delta[], first: number): number {
  const { sku, line, details } = deltas[first] ?? {};
  let end = first + 1;
  if (details?.counted === undefined) return end;
  for (let next = deltas[end]; next !== undefined; next = deltas[end]) {
    if (next.details.counted !== details.counted || next.sku !== sku || next.line !== line) break;
    end += 1;
  }
  return end;
}

function factOf({ kind: code, sku, quantity, line, details, at }: Delta): readonly ToldFact[] {
  const kind = movementKindOf(code);
  return kind === undefined || !factKinds.has(kind) ? [] : [{ kind, sku, quantity, line, details, at }];
}
