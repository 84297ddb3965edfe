import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { Parameter } from '../session.ts';

type Placed = { readonly warehouse: WarehouseId; readonly row: StateRow; readonly logSequence: number };

const COLUMNS: readonly (readonly [string, 'text' | 'bigint', (placed: Placed) => string | number])[] = [
  ['sku', 'text', ({ row }) => row.sku],
  ['warehouse', 'text', ({ warehouse }) => warehouse],
  ['on_hand', 'bigint', ({ row }) => row.state.onHand],
  ['unsellable', 'bigint', ({ row }) => row.state.unsellable],
  ['reserved', 'bigint', ({ row }) => row.state.reserved],
  ['committed', 'bigint', ({ row }) => row.state.committed],
  ['quota', 'bigint', ({ row }) => row.state.quota],
  ['safety_stock', 'bigint', ({ row }) => row.state.safetyStock],
  ['version', 'bigint', ({ row }) => row.version],
  ['sequence', 'bigint', ({ row }) => row.sequence],
  ['log_sequence', 'bigint', ({ logSequence }) => logSequence],
  ['at', 'bigint', ({ row }) => row.at],
  ['granted', 'bigint', ({ row }) => row.state.granted],
  ['allocated', 'bigint', ({ row }) => row.state.allocated],
  ['returned_seen', 'bigint', ({ row }) => row.state.returned],
];

const names = COLUMNS.map(([name]) => name).join(', ');
const arrays = COLUMNS.map(([, type], place) => `$${place + 1}::${type}[]`).join(', ');

/** As a node states it, central has given back and allocated what the node knows of. */
const INSERT = `
  INSERT INTO position (${names}, suspect, returned, allocated_sent)
  SELECT ${names}, false, returned_seen, allocated FROM unnest(${arrays}) AS told (${names})`;

/** The rows of many positions as one statement takes them. */
export function positionArrays(positions: readonly Placed[]): {
  readonly insert: string;
  readonly parameters: readonly Parameter[];
} {
  return { insert: INSERT, parameters: COLUMNS.map(([, , value]) => positions.map(value)) };
}
