import { parseSku } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import type { AuditedNode } from './audited-node.ts';
import type { NodeAudit, TransferredUnits } from './node-audit.ts';
import type { SimulatedCentral } from './simulated-central.ts';
import { hold } from './violation.ts';

type Way = { readonly id: string; readonly from: AuditedNode; readonly to: AuditedNode };

const nothing: TransferredUnits = { left: 0, came: 0, lost: 0 };

/** Units of a transfer on the van: they left the one and did not come to the other. */
export function underWay({ id, from, to }: Way): readonly SkuQuantity[] {
  return [...from.audit.moved].flatMap(([key, { left }]) => {
    const [document, name = ''] = key.split(' ');
    const quantity = left - (to.audit.moved.get(key)?.came ?? 0);
    return document === id && quantity > 0 ? [{ sku: must(parseSku(name), 'a SKU'), quantity }] : [];
  });
}

/** Conservation: no unit comes off a van that was not loaded, whoever says it how often, and nobody ships a plan twice. */
export function checkTransfers(nodes: readonly AuditedNode[]): void {
  for (const [key, { came }] of transferredIn(nodes)) {
    const left = nodes.reduce((sum, { audit }) => sum + (audit.moved.get(key)?.left ?? 0), 0);
    hold(came <= left, () => `transfer ${key}: ${came} came and ${left} had left`);
  }
}

/** What central and both ends say of a transfer that differs from the logs; `undefined` when nothing does. */
export async function transferDifference(
  nodes: readonly AuditedNode[],
  { store }: SimulatedCentral,
): Promise<string | undefined> {
  const moved = unitsIn(nodes, (audit) => audit.moved);
  const untold = await untoldTransfers(nodes, store);
  for (const [key, { left, came, lost }] of transferredIn(nodes)) {
    const [id = '', name] = key.split(' ');
    if (untold.has(id)) continue;
    const happened = moved.get(key) ?? nothing;
    // A disk was lost with some of it on it: who had heard of that goes on knowing it, and nobody else does.
    if (happened.left !== left || happened.came !== came || happened.lost !== lost) continue;
    const [record] = await store.transfersNamed(id);
    const told = nodes.map(({ node }) => record && node.store.documents.transfers.find(id, record.from));
    const said = [record, ...told];
    const ends = new Set<string | undefined>([record?.from, record?.to]);
    const isKnown = nodes.every(({ node }, index) => !ends.has(node.warehouse) || said[index + 1] !== undefined);
    const logs = JSON.stringify({ left, came, lost });
    if (record === undefined || !isKnown) return `transfer ${key}: an end does not know of it (${logs})`;
    for (const one of said) {
      const line = one?.lines.find(({ sku }) => sku === name);
      if (one === undefined) continue;
      const isSame = line?.shipped === left && line.received + line.damaged === came && line.lost === lost;
      if (!isSame) return `transfer ${key}: ${JSON.stringify(line)}, the logs say ${logs}`;
    }
  }
  return undefined;
}

/** Those of which something was recorded before a snapshot, which does not tell of it: they end by somebody's hand (decision 14). */
async function untoldTransfers(
  nodes: readonly AuditedNode[],
  store: SimulatedCentral['store'],
): Promise<ReadonlySet<string>> {
  const untold = new Set<string>();
  for (const { warehouse, audit } of nodes) {
    const snapshot = await store.snapshotOf(warehouse);
    for (const document of audit.documentsIn(0, snapshot?.sequence ?? 0)) untold.add(document);
  }
  return untold;
}

function transferredIn(nodes: readonly AuditedNode[]): ReadonlyMap<string, TransferredUnits> {
  return unitsIn(nodes, (audit) => audit.transferred);
}

function unitsIn(
  nodes: readonly AuditedNode[],
  unitsOf: (audit: NodeAudit) => ReadonlyMap<string, TransferredUnits>,
): ReadonlyMap<string, TransferredUnits> {
  const all = new Map<string, TransferredUnits>();
  for (const { audit } of nodes) {
    for (const [key, { left, came, lost }] of unitsOf(audit)) {
      const before = all.get(key) ?? nothing;
      all.set(key, { left: before.left + left, came: before.came + came, lost: before.lost + lost });
    }
  }
  return all;
}
