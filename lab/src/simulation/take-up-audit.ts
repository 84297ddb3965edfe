import type { Sku } from '@edgestock/shared/inventory/ids';
import { type MovementKind, movementKindOf, movementKinds } from '@edgestock/shared/inventory/movement';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { NodeAudit } from './node-audit.ts';
import type { SimulatedNode, TakenBack } from './simulated-node.ts';
import { hold } from './violation.ts';

/** A rejoin as it is looked at, right after it and before anybody works with the new books. */
type TakeUp = {
  readonly taken: TakenBack;
  /** The books that were in use before. */
  readonly former: NodeAudit;
  readonly audit: NodeAudit;
  readonly node: SimulatedNode;
  /** All other books that ever were. */
  readonly lives: readonly NodeAudit[];
};

/**
 * Conservation over a rejoin. The goods are those of central's log up to its cursor, and after it those that the former books
 * have recorded themselves: each movement once. Only what was in neither may be lost, and nobody is told that it was more. What
 * may be missing is to be counted.
 */
export function checkTakeUp({ taken, former, audit, node, lives }: TakeUp): void {
  const { warehouse, store } = node;
  const { applied } = taken;
  const common = commonPlace(former, audit, applied);
  const goods = goodsAt(audit, applied);
  for (const { sku, onHand } of taken.statesAhead) goods.set(sku as Sku, onHand);
  // A till that sent its receipt again has it in both: it is told once.
  const receipts = new Set(audit.deltasAfter(0).slice(0, applied).flatMap(receiptOf));
  for (const delta of former.deltasAfter(common)) {
    if (receiptOf(delta).some((receipt) => receipts.has(receipt))) continue;
    tell(goods, delta);
  }
  for (const sku of new Set([...goods.keys(), ...audit.positions.keys()])) {
    const [due, found] = [goods.get(sku) ?? 0, audit.position(sku).onHand];
    hold(
      due === found,
      () =>
        `${warehouse} ${sku}: ${found} on hand after the rejoin at ${applied}, central's log and what was recorded after ${common} make ${due}; ${JSON.stringify(taken)}`,
    );
  }
  const rejoined = store.node.rejoined();
  hold(rejoined?.epoch === taken.epoch, () => `${warehouse}: its books do not know that they have rejoined`);
  const { lost = 0, recount } = rejoined ?? {};
  const most = Math.max(...lives.map((life) => life.sequence)) - applied;
  hold(lost <= most, () => `${warehouse}: ${lost} movements are said to be lost, there were ${most}`);
  const isWindowSure = lost === 0 || taken.statesAhead.length > 0;
  hold(isWindowSure || recount === 'all', () => `${warehouse}: ${lost} movements are lost, and ${recount} is counted`);
  const moved = taken.statesAhead.map(({ sku }) => sku as Sku);
  audit.uncount(recount === 'all' ? [...audit.positions.keys()] : moved);
}

/** The last place that both have, no later than a place. */
function commonPlace(one: NodeAudit, other: NodeAudit, upTo: number): number {
  for (let place = Math.min(one.sequence, upTo); place > 0; place -= 1) {
    const [here, there] = [one.hashAt(place), other.hashAt(place)];
    if (here !== undefined && there !== undefined && Buffer.compare(here, there) === 0) return place;
  }
  return 0;
}

function goodsAt(audit: NodeAudit, sequence: number): Map<Sku, number> {
  const goods = new Map<Sku, number>();
  for (const { sku, state } of audit.deltasAfter(0).slice(0, sequence)) goods.set(sku, state.onHand);
  return goods;
}

const moving: ReadonlySet<string> = new Set(['in', 'out', 'signed']);

/** A count of all there was leaves as many as were seen, whatever the books said. */
function tell(goods: Map<Sku, number>, { kind: code, sku, quantity, state, details }: Delta): void {
  const kind: MovementKind | undefined = movementKindOf(code);
  if (kind === undefined || !moving.has(movementKinds[kind].change)) return;
  const isWhole = kind === 'count' && details.counted === state.onHand;
  goods.set(sku, isWhole ? state.onHand : (goods.get(sku) ?? 0) + quantity);
}

/** By which a node knows a receipt again. */
function receiptOf({ kind, details: { document } }: Delta): readonly string[] {
  return movementKindOf(kind) === 'sale' && document?.includes('/') ? [document] : [];
}
