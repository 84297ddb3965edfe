import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel } from '../../../rules/channel.ts';
import type { OfferedStock } from '../../central-store.ts';

/** One warehouse of the answer; where no warehouse has the SKU, one without a warehouse. */
type StockRow = readonly [
  available: number,
  revision: number,
  warehouse: WarehouseId | null,
  share: number,
  onHand: number,
  incoming: number,
  version: number,
  sequence: number,
  suspect: number,
];

/**
 * What shops are told, by far the most frequent question. Only the columns that are told, as rows without names: with all columns and
 * an object for each row it took half as long again (26 µs for 19, ten warehouses of a million SKUs, on a busy machine).
 */
export class SqliteStockReader {
  readonly #rows: Statement<[string, string], StockRow>;

  constructor(database: Database) {
    this.#rows = database
      .prepare<[string, string], StockRow>(`
        SELECT max(0, a.unspent - a.buffer), a.revision, p.warehouse,
          iif(p.warehouse IN (SELECT warehouse FROM unsettled), 0, p.granted - p.returned - p.allocated_sent - p.held),
          p.on_hand, p.incoming, p.version, p.sequence, p.suspect
        FROM availability a JOIN channel c ON c.channel = a.channel
          LEFT JOIN position p ON p.sku = a.sku AND
            (c.is_all = 1 OR p.warehouse IN (SELECT w.warehouse FROM channel_warehouse w WHERE w.channel = c.channel))
        WHERE a.sku = ? AND a.channel = ? ORDER BY p.warehouse`)
      .raw();
  }

  of(sku: Sku, channel: Channel): OfferedStock {
    const rows = this.#rows.all(sku, channel);
    const [first] = rows;
    if (first === undefined) return { sku, available: 0, revision: 0, warehouses: [] };
    const [available, revision] = first;
    const warehouses = [];
    for (const [, , warehouse, share, onHand, incoming, version, sequence, suspect] of rows) {
      if (warehouse === null) continue;
      warehouses.push({
        ...{ warehouse, available: share, onHand, incoming, version, sequence, isSuspect: suspect === 1 },
      });
    }
    return { sku, available, revision, warehouses };
  }
}
