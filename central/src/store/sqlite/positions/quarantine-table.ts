import { createHash } from 'node:crypto';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { QuarantineInput, QuarantineRecord, Settlement } from '../../central-store.ts';
import type { quarantine } from '../schema.ts';

/** Puts things aside, each once; inside a transaction of its caller. */
export class QuarantineWriter {
  readonly #insert: Statement<(string | number | null | Uint8Array)[]>;

  constructor(database: Database) {
    this.#insert = database.prepare(`
      INSERT INTO quarantine (warehouse, reason, detail, epoch, first_sequence, last_sequence, sku, digest, at, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (warehouse, digest) DO NOTHING`);
  }

  put(item: QuarantineInput, now: number): void {
    this.#insert.run(
      item.warehouse,
      item.reason,
      item.detail,
      item.epoch ?? null,
      item.firstSequence ?? null,
      item.lastSequence ?? null,
      item.sku ?? null,
      digestOf(item),
      now,
      item.bytes,
    );
  }
}

/** The place is part of it: two sequences may well carry the same bytes. */
function digestOf({ epoch, firstSequence, lastSequence, bytes }: QuarantineInput): Buffer {
  return createHash('sha256')
    .update(`${epoch ?? ''}.${firstSequence ?? ''}.${lastSequence ?? ''}.`)
    .update(bytes)
    .digest();
}

type Row = typeof quarantine.$inferSelect;

export function quarantineRecordOf(row: Row): QuarantineRecord {
  const settled = settlementOf(row);
  return {
    id: row.id,
    warehouse: row.warehouse as WarehouseId,
    reason: row.reason,
    detail: row.detail,
    bytes: row.bytes,
    at: row.at,
    ...(row.epoch === null ? {} : { epoch: row.epoch }),
    ...(row.firstSequence === null ? {} : { firstSequence: row.firstSequence }),
    ...(row.lastSequence === null ? {} : { lastSequence: row.lastSequence }),
    ...(row.sku === null ? {} : { sku: row.sku as Sku }),
    ...(settled === undefined ? {} : { settled }),
  };
}

function settlementOf({ settledAs, settledAt, settledBy, settledWhy, directive }: Row): Settlement | undefined {
  if (settledAs === null) return undefined;
  return {
    as: settledAs,
    at: settledAt ?? 0,
    by: settledBy ?? '',
    why: settledWhy ?? '',
    ...(directive === null ? {} : { directive }),
  };
}
