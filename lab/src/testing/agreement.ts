import type { CentralApi } from '../api/central-api.ts';
import type { EdgeApi } from '../api/edge-api.ts';

/**
 * What central says of its warehouses and their nodes do not, in words: that it has not applied all of a log, or the first position
 * that differs. `undefined` where they agree on everything.
 */
export async function disagreement(
  central: CentralApi,
  nodes: Iterable<readonly [warehouse: string, node: EdgeApi]>,
): Promise<string | undefined> {
  const applied = await central.appliedByWarehouse();
  for (const [warehouse, node] of nodes) {
    if (applied.get(warehouse) !== (await node.status()).sequence) return `${warehouse} is behind`;
    const [here, there] = [await node.positions(), await central.positions(warehouse)];
    for (const [sku, position] of here) {
      if (JSON.stringify(there.get(sku)) !== JSON.stringify(position)) return `${warehouse} ${sku} differs`;
    }
  }
  return undefined;
}
