import { centralLimits } from '@edgestock/central/limits';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import type { Database, Statement } from 'better-sqlite3';
import { type GeneratedBatch, GeneratedLogs, type RoundSize } from '../ingest/generated-log.ts';
import { answerOrders } from '../process/answer-orders.ts';

export type UpsertOrder = { readonly path: string; readonly size: RoundSize };
export type UpsertReply = { readonly perSecond: number };

const CACHE_KIB = 64 * 1024;

/**
 * The floor of ingest: the position rows of the same deltas, upserted by version with one prepared statement, as many in a
 * transaction as central takes. The settings are central's; no checks, no log, no answers are kept.
 */
class BareUpsert {
  readonly #logs: GeneratedLogs;
  readonly #database: Database;
  readonly #upsert: Statement<(string | number)[]>;

  constructor({ path, size }: UpsertOrder) {
    this.#logs = new GeneratedLogs(size);
    this.#database = openDatabase(path, { cacheKiB: CACHE_KIB });
    this.#database.exec(`
      CREATE TABLE position (
        sku TEXT NOT NULL, warehouse TEXT NOT NULL, on_hand INTEGER NOT NULL, unsellable INTEGER NOT NULL,
        reserved INTEGER NOT NULL, committed INTEGER NOT NULL, quota INTEGER NOT NULL, safety_stock INTEGER NOT NULL,
        version INTEGER NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (sku, warehouse)
      ) STRICT, WITHOUT ROWID`);
    this.#upsert = this.#database.prepare(`
      INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence, at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (sku, warehouse) DO UPDATE SET
        on_hand = excluded.on_hand, unsellable = excluded.unsellable, reserved = excluded.reserved,
        committed = excluded.committed, quota = excluded.quota, safety_stock = excluded.safety_stock,
        version = excluded.version, sequence = excluded.sequence, at = excluded.at
      WHERE excluded.version > position.version`);
  }

  round(): number {
    const batches = this.#logs.round();
    const rows = batches.reduce((sum, batch) => sum + batch.rows.length, 0);
    const startedMs = systemClock.monotonicMs();
    let group: GeneratedBatch[] = [];
    for (const batch of batches) {
      group.push(batch);
      if (group.reduce((sum, { rows: { length } }) => sum + length, 0) < centralLimits.groupDeltasMax) continue;
      this.#commit(group);
      group = [];
    }
    this.#commit(group);
    return (rows * 1_000) / (systemClock.monotonicMs() - startedMs);
  }

  #commit(group: readonly GeneratedBatch[]): void {
    this.#database.transaction(() => {
      for (const { warehouse, rows } of group) {
        for (const { sku, version, sequence, state, at } of rows) {
          const { onHand, unsellable, reserved, committed, quota, safetyStock } = state;
          this.#upsert.run(
            sku,
            warehouse,
            onHand,
            unsellable,
            reserved,
            committed,
            quota,
            safetyStock,
            version,
            sequence,
            at,
          );
        }
      }
    })();
  }
}

let upsert: BareUpsert | undefined;

answerOrders<UpsertOrder, UpsertReply>((order) => {
  upsert ??= new BareUpsert(order);
  return { perSecond: upsert.round() };
});
