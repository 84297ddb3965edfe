import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import { and, asc, count, gt, isNull } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ExceptionKind, OpenedException } from '../rules/command.ts';
import { exception } from './schema.ts';

export type ExceptionRow = {
  readonly id: number;
  readonly kind: ExceptionKind;
  readonly sku: Sku;
  readonly sequence: number;
  readonly deficit: number;
  readonly openedAt: number;
};

/** Facts the books disagree with. One open row per kind and SKU: a SKU that sells on below zero is one exception, not hundreds. */
export class ExceptionStore {
  readonly #typed: BetterSQLite3Database;
  readonly #open: Statement<[string, string, number, number, number]>;
  readonly #resolve: Statement<[number, number, string, string]>;
  readonly #resolveListed: Statement<[number, string]>;

  constructor(database: Database, typed: BetterSQLite3Database) {
    this.#typed = typed;
    this.#open = database.prepare(`
      INSERT INTO exception (kind, sku, sequence, deficit, opened_at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (kind, sku) WHERE resolved_at IS NULL DO UPDATE SET sequence = excluded.sequence, deficit = excluded.deficit`);
    this.#resolve = database.prepare(
      'UPDATE exception SET resolved_at = ?, resolved_by = ? WHERE kind = ? AND sku = ? AND resolved_at IS NULL',
    );
    this.#resolveListed = database.prepare(
      "UPDATE exception SET resolved_at = ? WHERE kind = 'unknown-sku' AND sku = ? AND resolved_at IS NULL",
    );
  }

  open(opened: OpenedException, now: number): void {
    this.#open.run(opened.kind, opened.sku, opened.sequence, opened.deficit, now);
  }

  resolve(resolved: { kind: ExceptionKind; sku: Sku; bySequence: number }, now: number): void {
    this.#resolve.run(now, resolved.bySequence, resolved.kind, resolved.sku);
  }

  /** A catalogue has named the SKU: no movement made that good. */
  resolveListed(sku: Sku, now: number): void {
    this.#resolveListed.run(now, sku);
  }

  /** Open ones with an id above `after`, oldest first. */
  openAfter(after: number, limit: number): readonly ExceptionRow[] {
    return this.#typed
      .select({
        id: exception.id,
        kind: exception.kind,
        sku: exception.sku,
        sequence: exception.sequence,
        deficit: exception.deficit,
        openedAt: exception.openedAt,
      })
      .from(exception)
      .where(and(isNull(exception.resolvedAt), gt(exception.id, after)))
      .orderBy(asc(exception.id))
      .limit(limit)
      .all() as ExceptionRow[];
  }

  openCount(): number {
    return this.#typed.select({ open: count() }).from(exception).where(isNull(exception.resolvedAt)).get()?.open ?? 0;
  }
}
