import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { DataDirectoryInUse } from '@edgestock/shared/sqlite/process-lock';

/** Does something to the books of a node that must not be running. Throws `WrongCall` for a wrong id, and where it is. */
export function onStoppedNode<Done>(
  { dataDir, warehouse: id }: { readonly dataDir: string; readonly warehouse: string },
  work: (warehouse: WarehouseId) => Done,
): Done {
  const warehouse = parseWarehouseId(id);
  if (warehouse === undefined) {
    throw new WrongCall(`${id} is no warehouse id`, 'Letters, digits, - and _, at most 32: --warehouse BER1');
  }
  try {
    return work(warehouse);
  } catch (error) {
    if (!(error instanceof DataDirectoryInUse)) throw error;
    throw new WrongCall(`a node is running on ${dataDir}`, 'Stop it first: nothing was changed.', { cause: error });
  }
}
