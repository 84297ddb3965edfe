import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { Database, Statement } from 'better-sqlite3';
import { DEFAULT_CHANNEL } from '../../rules/channel.ts';
import { type KnownPosition, mergePosition } from '../../rules/merge-position.ts';
import type { ChangeNotice } from '../central-store.ts';

/**
 * Writes positions and, with them, the materialised answer of their SKU: both or neither. The hot path of ingest. Every
 * method belongs inside a transaction of its caller; `load` begins and `save` ends its use in one.
 */
export class PositionWriter {
  #revision = 0;
  readonly #known: Statement<[string, string], KnownPosition>;
  readonly #upsert: Statement<(string | number)[]>;
  readonly #advanceLog: Statement<[number, string, string, number]>;
  readonly #suspect: Statement<[{ sku: string; warehouse: string; version: number }]>;
  readonly #addAvailable: Statement<[string, string, number, number]>;
  readonly #loadRevision: Statement<[], { revision: number }>;
  readonly #saveRevision: Statement<[number]>;

  constructor(database: Database) {
    this.#known = database.prepare(`
      SELECT version, on_hand - unsellable - reserved - committed - quota - safety_stock AS available
      FROM position WHERE sku = ? AND warehouse = ?`);
    this.#upsert = database.prepare(`
      INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
        log_sequence, at, suspect)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
      ON CONFLICT (sku, warehouse) DO UPDATE SET
        on_hand = excluded.on_hand, unsellable = excluded.unsellable, reserved = excluded.reserved,
        committed = excluded.committed, quota = excluded.quota, safety_stock = excluded.safety_stock,
        version = excluded.version, sequence = excluded.sequence,
        log_sequence = max(position.log_sequence, excluded.log_sequence), at = excluded.at, suspect = 0
      WHERE excluded.version > position.version`);
    this.#advanceLog = database.prepare(
      'UPDATE position SET log_sequence = ? WHERE sku = ? AND warehouse = ? AND log_sequence < ?',
    );
    this.#suspect = database.prepare(`
      INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
        log_sequence, at, suspect)
      VALUES (@sku, @warehouse, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
      ON CONFLICT (sku, warehouse) DO UPDATE SET suspect = 1 WHERE position.version < @version AND position.suspect = 0`);
    this.#addAvailable = database.prepare(`
      INSERT INTO availability (sku, channel, available, revision) VALUES (?, ?, ?, ?)
      ON CONFLICT (sku, channel) DO UPDATE SET
        available = availability.available + excluded.available, revision = excluded.revision`);
    this.#loadRevision = database.prepare('SELECT revision FROM meta WHERE id = 1');
    this.#saveRevision = database.prepare('UPDATE meta SET revision = ? WHERE id = 1');
  }

  load(): void {
    this.#revision = this.#loadRevision.get()?.revision ?? 0;
  }

  save(): void {
    this.#saveRevision.run(this.#revision);
  }

  /** Takes the state over if it is newer; `logSequence` is 0 for a state that came ahead of its history. */
  put(warehouse: WarehouseId, row: StateRow, logSequence: number): ChangeNotice | undefined {
    const { sku, version, sequence, state, at } = row;
    const merge = mergePosition(this.#known.get(sku, warehouse), row);
    if (merge.merge === 'known') {
      if (logSequence > 0) this.#advanceLog.run(logSequence, sku, warehouse, logSequence);
      return undefined;
    }
    this.#upsert.run(
      sku,
      warehouse,
      state.onHand,
      state.unsellable,
      state.reserved,
      state.committed,
      state.quota,
      state.safetyStock,
      version,
      sequence,
      logSequence,
      at,
    );
    return this.#changed(sku, merge.availableChange);
  }

  /** Marks the state as older than what the node has, unless a newer one has come already. */
  suspect(warehouse: WarehouseId, sku: Sku, version: number): ChangeNotice | undefined {
    return this.#suspect.run({ sku, warehouse, version }).changes > 0 ? this.#changed(sku, 0) : undefined;
  }

  #changed(sku: Sku, availableChange: number): ChangeNotice {
    this.#revision += 1;
    this.#addAvailable.run(sku, DEFAULT_CHANNEL, availableChange, this.#revision);
    return { sku, revision: this.#revision };
  }
}
