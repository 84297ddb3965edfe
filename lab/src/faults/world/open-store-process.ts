import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';

/** A process that opens a node's database, migrating it, and closes it again: `open-store-process.ts DIRECTORY`. */
EdgeStore.open({
  dataDir: must(process.argv[2], 'a directory'),
  warehouse: must(parseWarehouseId('BER1'), 'a warehouse id'),
  clock: systemClock,
  random: systemRandom,
}).close();
