import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database } from 'better-sqlite3';

/** A position that holds more than there is, or a place that went below nothing. */
export type Shortage = {
  readonly sku: Sku;
  readonly sequence: number;
  readonly deficit: number;
  readonly kind: ShortageKind;
};
export type ShortageKind = 'negative-on-hand' | 'negative-available' | 'negative-balance';

/**
 * What no log tells, from the books before: the catalogue, policy, names and terms of documents, where goods were picked, and
 * under which keys requests were answered. Statements and nothing else: `common` is the last place of both logs.
 */
const statements: readonly string[] = [
  `INSERT INTO item (sku, name, is_listed, updated_at) SELECT sku, name, is_listed, updated_at FROM former.item WHERE true
   ON CONFLICT (sku) DO UPDATE SET name = excluded.name, is_listed = excluded.is_listed, updated_at = excluded.updated_at`,
  'INSERT OR IGNORE INTO barcode (barcode, sku, multiple) SELECT barcode, sku, multiple FROM former.barcode',
  'INSERT OR IGNORE INTO lot (sku, lot, expiry) SELECT sku, lot, expiry FROM former.lot',
  `INSERT OR IGNORE INTO policy (id, class, share_percent, safety_stock)
   SELECT id, class, share_percent, safety_stock FROM former.policy`,
  `INSERT OR IGNORE INTO sku_policy (sku, share_percent, safety_stock)
   SELECT sku, share_percent, safety_stock FROM former.sku_policy`,
  // Keys of the common history, with what was asked: where they came back with the log, they name the receipt alone.
  `INSERT OR REPLACE INTO idempotency (first_sequence, movement_count, scope, key, fingerprint, exceptions)
   SELECT first_sequence, movement_count, scope, key, fingerprint, exceptions FROM former.idempotency
   WHERE first_sequence + movement_count - 1 <= @common`,
  `INSERT OR IGNORE INTO import_job (id, kind, document, state, at_sequence, row_count, staged_count, applied_count,
     unlisted_count, last_line, key_prefix, failure, begun_at, finished_at)
   SELECT id, kind, document, state, at_sequence, row_count, staged_count, applied_count, unlisted_count, last_line,
     key_prefix, failure, begun_at, finished_at FROM former.import_job WHERE state = 'done'`,
  `UPDATE reservation SET owner = f.owner, note = f.note, fingerprint = f.fingerprint, created_at = f.created_at,
     expires_at = f.expires_at FROM former.reservation f WHERE f.id = reservation.id`,
  'UPDATE task SET order_id = f.order_id, due_at = f.due_at, tracking = f.tracking FROM former.task f WHERE f.id = task.id',
  // What a picker has found and packed is no movement: it holds where the task still wants as much.
  `UPDATE task SET state = f.state FROM former.task f
   WHERE f.id = task.id AND task.state = 'open' AND f.state IN ('picked', 'packed') AND NOT EXISTS (
     SELECT 1 FROM task_line t LEFT JOIN former.task_line o ON o.task = t.task AND o.sku = t.sku
     WHERE t.task = task.id AND t.quantity - t.released - t.shipped IS NOT o.quantity - o.released - o.shipped)`,
  `UPDATE task_line SET picks = o.picks FROM former.task_line o, task t
   WHERE o.task = task_line.task AND o.sku = task_line.sku AND t.id = task_line.task AND t.state IN ('picked', 'packed', 'shipped')`,
  `INSERT OR IGNORE INTO task_step (task, step, fingerprint, actor, answer, at)
   SELECT s.task, s.step, s.fingerprint, s.actor, s.answer, s.at FROM former.task_step s JOIN task t ON t.id = s.task
   WHERE s.step = 'pick' AND t.state <> 'open' OR s.step = 'pack' AND t.state IN ('packed', 'shipped')
     OR s.step = 'ship' AND t.state = 'shipped'`,
  `UPDATE transfer SET note = f.note, is_complete = max(transfer.is_complete, f.is_complete), planned_as = f.planned_as,
     shipped_as = coalesce(f.shipped_as, transfer.shipped_as) FROM former.transfer f
   WHERE f.id = transfer.id AND f.from_warehouse = transfer.from_warehouse`,
  // Shortages are found anew; the rest stays open until somebody settles it.
  `INSERT INTO exception (kind, sku, sequence, deficit, opened_at, resolved_at, resolved_by, closed_by, closing_note, barcode)
   SELECT kind, sku, sequence, deficit, opened_at, resolved_at, resolved_by, closed_by, closing_note, barcode
   FROM former.exception WHERE kind <> 'directive-refused' AND sequence <= @common AND coalesce(resolved_by, 0) <= @common
     AND (resolved_at IS NOT NULL OR kind NOT IN ('negative-on-hand', 'negative-available', 'negative-balance'))`,
];

/** Takes over from the books at a path what those of a database lack. Attached outside of the transaction that does it. */
export class CarryOver {
  readonly #database: Database;

  constructor(database: Database, path: string) {
    this.#database = database;
    database.prepare('ATTACH DATABASE ? AS former').run(path);
  }

  /** Inside a transaction. */
  run(common: number): void {
    for (const sql of statements) this.#database.prepare(sql).run(sql.includes('@common') ? { common } : {});
  }

  close(): void {
    this.#database.exec('DETACH DATABASE former');
  }
}

/**
 * What came here from elsewhere and was told to have come in whole is taken for all that was shipped. Of transfers that are
 * still under way central tells more right after the rejoin.
 */
export function settleArrivals(database: Database, here: string): void {
  database
    .prepare(
      `UPDATE transfer_line SET shipped = received + damaged + lost WHERE shipped < received + damaged + lost
         AND transfer IN (SELECT number FROM transfer WHERE to_warehouse = ?)`,
    )
    .run(here);
  database
    .prepare(
      `UPDATE transfer SET state = 'closed' WHERE to_warehouse = ? AND state = 'receiving' AND NOT EXISTS (
         SELECT 1 FROM transfer_line WHERE transfer = transfer.number AND shipped <> received + damaged + lost)
         AND EXISTS (SELECT 1 FROM transfer_line WHERE transfer = transfer.number AND (shipped > 0 OR lost <> 0))`,
    )
    .run(here);
}

/** SKUs of which something is set aside, by the position or by a document. */
export function skusSetAside(database: Database): readonly Sku[] {
  return database
    .prepare<[], Sku>(
      `SELECT sku FROM position WHERE reserved <> 0 OR committed <> 0
       UNION SELECT sku FROM task_line WHERE quantity - released - shipped <> 0
       UNION SELECT sku FROM reservation_line JOIN reservation ON id = reservation WHERE state IN ('held', 'confirmed')
       UNION SELECT sku FROM transfer_line JOIN transfer ON number = transfer WHERE state = 'planned' AND planned <> 0`,
    )
    .pluck()
    .all();
}

/** Every shortage there is now, one for each SKU: the worst one hides those that follow from it. */
export function shortages(database: Database): readonly Shortage[] {
  return database
    .prepare<[], Shortage>(
      `SELECT sku, sequence, -on_hand AS deficit, 'negative-on-hand' AS kind FROM position WHERE on_hand < 0
       UNION ALL SELECT sku, sequence, reserved + committed + quota - max(0, on_hand - max(0, unsellable)), 'negative-available'
         FROM position WHERE on_hand >= 0 AND reserved + committed + quota > max(0, on_hand - max(0, unsellable))
       UNION ALL SELECT b.sku, p.sequence, -min(b.quantity), 'negative-balance' FROM balance b JOIN position p ON p.sku = b.sku
         WHERE p.on_hand >= 0 AND b.quantity < 0
           AND p.reserved + p.committed + p.quota <= max(0, p.on_hand - max(0, p.unsellable)) GROUP BY b.sku`,
    )
    .all();
}
