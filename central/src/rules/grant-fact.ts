import type { Sku } from '@edgestock/shared/inventory/ids';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import type { Quantities } from '@edgestock/shared/inventory/position';
import type { Delta } from '@edgestock/shared/protocol/delta';

/** A node has granted units of a SKU, which led to this state. */
export type GrantFact = { readonly sku: Sku; readonly quantity: number; readonly state: Quantities };

/** What a movement says of quota that central has from now on; `undefined` when nothing. */
export function grantFactOf({ kind, sku, quantity, state }: Delta): GrantFact | undefined {
  return kind === movementKinds.grant.code ? { sku, quantity, state } : undefined;
}
