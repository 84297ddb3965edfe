import { CACHE_KIB, CHECKPOINT_PAGES } from '@edgestock/edge-node/store/edge-store';
import { migrations } from '@edgestock/edge-node/store/migrations';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import type { Database } from 'better-sqlite3';
import { OPENING_UNITS, scatteredSku, skuAt } from '../load/goods.ts';
import { answerOrders } from '../process/answer-orders.ts';

export type SqliteSalesOrder = { readonly path: string; readonly durationMs: number; readonly skus: number };
export type SqliteSalesReply = { readonly perSecond: number };

/** What one sale of the product writes, in bytes. */
const DELTA = Buffer.alloc(56, 7);
const HASH = Buffer.alloc(32, 7);
const FINGERPRINT = 'f'.repeat(43);

/**
 * The floor of a durable sale: a bare loop of one-sale transactions on SQLite, with the node's own schema, settings
 * (WAL, synchronous=FULL, cache, checkpoints) and statements: position, balance, movement, idempotency record, head of the log. Nothing is
 * decided, encoded or hashed; statements are prepared once, values are constants.
 */
class BareSales {
  readonly #database: Database;
  readonly #sell: (sku: string) => void;
  readonly #skus: number;
  #sequence = 0;

  constructor(path: string, skus: number) {
    this.#skus = skus;
    const database = openDatabase(path, { cacheKiB: CACHE_KIB });
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    this.#database = database;
    migrate(database, migrations);
    fill(database, skus);
    const position = database.prepare(
      'UPDATE position SET on_hand = on_hand - 1, version = version + 1, sequence = ?, changed_at = 1 WHERE sku = ?',
    );
    const balance = database.prepare(
      "UPDATE balance SET quantity = quantity - 1 WHERE sku = ? AND bin = '' AND lot = '' AND condition = 0",
    );
    const movement = database.prepare('INSERT INTO movement (sequence, sku, delta, hash) VALUES (?, ?, ?, ?)');
    const idempotency = database.prepare(
      'INSERT INTO idempotency (first_sequence, movement_count, scope, key, fingerprint, exceptions) VALUES (?, 1, ?, ?, ?, NULL)',
    );
    const head = database.prepare('UPDATE node SET sequence = ?, hash = ? WHERE id = 1');
    this.#sell = database.transaction((sku: string) => {
      this.#sequence += 1;
      position.run(this.#sequence, sku);
      balance.run(sku);
      movement.run(this.#sequence, sku, DELTA, HASH);
      idempotency.run(this.#sequence, 'sale', `T1\nR-${this.#sequence}`, FINGERPRINT);
      head.run(this.#sequence, HASH);
    });
  }

  loop(durationMs: number): number {
    const startedMs = systemClock.monotonicMs();
    const first = this.#sequence;
    while (systemClock.monotonicMs() < startedMs + durationMs) this.#sell(scatteredSku(this.#sequence, this.#skus));
    return ((this.#sequence - first) * 1_000) / (systemClock.monotonicMs() - startedMs);
  }

  close(): void {
    this.#database.close();
  }
}

function fill(database: Database, skus: number): void {
  const position = database.prepare(
    'INSERT INTO position (sku, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence, changed_at) VALUES (?, ?, 0, 0, 0, 0, 0, 1, 1, 1)',
  );
  const balance = database.prepare("INSERT INTO balance (sku, bin, lot, condition, quantity) VALUES (?, '', '', 0, ?)");
  database.transaction(() => {
    database
      .prepare(
        "INSERT INTO node (id, warehouse, instance, sequence, hash, checkpoint_sequence, checkpoint_hash, applied_up_to, installed_at) VALUES (1, 'FLOOR', 'floor', 0, ?, 0, ?, 0, 1)",
      )
      .run(HASH, HASH);
    for (let index = 0; index < skus; index += 1) {
      position.run(skuAt(index), OPENING_UNITS);
      balance.run(skuAt(index), OPENING_UNITS);
    }
  })();
}

let sales: BareSales | undefined;

answerOrders<SqliteSalesOrder, SqliteSalesReply>(({ path, durationMs, skus }) => {
  sales ??= new BareSales(path, skus);
  return { perSecond: sales.loop(durationMs) };
});
