import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import { must } from '@edgestock/shared/runtime/assert';
import type { Documents } from '../rules/documents.ts';

/** The documents that a test of a rule says there are; of the others there is none. */
export function documentsOf(some: Partial<Documents>): Documents {
  return {
    inbox: () => ({ centralEpoch: 0, sequence: 0, hash: genesisHash }),
    isKept: () => false,
    policy: () => undefined,
    skuPolicy: () => undefined,
    task: () => undefined,
    stepDone: () => undefined,
    reservation: () => undefined,
    transfer: () => undefined,
    transfersNamed: () => [],
    movementsOf: () => [],
    receipt: () => undefined,
    isUncounted: () => false,
    warehouse: () => must(parseWarehouseId('BER1'), 'a warehouse id'),
    ...some,
  };
}
