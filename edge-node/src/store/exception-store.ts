import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import { and, asc, count, eq, gt, isNotNull, isNull, type SQL } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { ExceptionResolution } from '../rules/exception-resolution.ts';
import type { ExceptionKind, OpenedException } from '../rules/outcome.ts';
import { exception } from './schema.ts';

export type ExceptionRow = {
  readonly id: number;
  readonly kind: ExceptionKind;
  readonly sku: Sku;
  readonly sequence: number;
  readonly deficit: number;
  /** What was scanned and could not be read; only of that kind. */
  readonly barcode: string | undefined;
  readonly openedAt: number;
  /** `undefined` while it is open. */
  readonly resolution: ExceptionResolution | undefined;
};

/**
 * Facts the books disagree with. One open row per kind and SKU: a SKU that sells on below zero is one exception, not hundreds.
 * One that is closed stays closed; when it comes about again, or gets worse, it is a new one.
 */
export class ExceptionStore {
  readonly #typed: BetterSQLite3Database;
  readonly #open: Statement<[string, string, number, number, number, string | null]>;
  readonly #resolve: Statement<[number, number, string, string]>;
  readonly #resolveListed: Statement<[number, string]>;
  readonly #close: Statement<[number, string, string, number]>;
  readonly #isOpen: Statement<[string, string], { one: number }>;

  constructor(database: Database, typed: BetterSQLite3Database) {
    this.#typed = typed;
    this.#open = database.prepare(`
      INSERT INTO exception (kind, sku, sequence, deficit, opened_at, barcode) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, sku) WHERE resolved_at IS NULL DO UPDATE SET sequence = excluded.sequence, deficit = excluded.deficit`);
    this.#resolve = database.prepare(
      'UPDATE exception SET resolved_at = ?, resolved_by = ? WHERE kind = ? AND sku = ? AND resolved_at IS NULL',
    );
    this.#resolveListed = database.prepare(
      "UPDATE exception SET resolved_at = ? WHERE kind = 'unknown-sku' AND sku = ? AND resolved_at IS NULL",
    );
    this.#isOpen = database.prepare(
      'SELECT 1 AS one FROM exception WHERE kind = ? AND sku = ? AND resolved_at IS NULL',
    );
    this.#close = database.prepare(
      'UPDATE exception SET resolved_at = ?, closed_by = ?, closing_note = ? WHERE id = ? AND resolved_at IS NULL',
    );
  }

  open(opened: OpenedException, now: number): void {
    const { kind, sku, sequence, deficit, barcode } = opened;
    this.#open.run(kind, sku, sequence, deficit, now, barcode ?? null);
  }

  /** A movement has made it good. */
  resolve(resolved: { kind: ExceptionKind; sku: Sku; bySequence: number }, now: number): void {
    this.#resolve.run(now, resolved.bySequence, resolved.kind, resolved.sku);
  }

  /** A catalogue names the SKU: that it was unknown is settled. */
  resolveListed(sku: Sku, now: number): void {
    this.#resolveListed.run(now, sku);
  }

  /** A person closes it. False when it is closed already, or not there. */
  close(closed: { id: number; actor: string; note: string }, now: number): boolean {
    return this.#close.run(now, closed.actor, closed.note, closed.id).changes === 1;
  }

  isOpen(kind: ExceptionKind, sku: Sku): boolean {
    return this.#isOpen.get(kind, sku) !== undefined;
  }

  find(id: number): ExceptionRow | undefined {
    return this.#rows(eq(exception.id, id), 1)[0];
  }

  /** Open ones with an id above `after`, oldest first. */
  openAfter(after: number, limit: number): readonly ExceptionRow[] {
    return this.#rows(and(isNull(exception.resolvedAt), gt(exception.id, after)), limit);
  }

  /** Closed ones with an id above `after`, in the order in which they were opened. */
  resolvedAfter(after: number, limit: number): readonly ExceptionRow[] {
    return this.#rows(and(isNotNull(exception.resolvedAt), gt(exception.id, after)), limit);
  }

  openCount(): number {
    return this.#typed.select({ open: count() }).from(exception).where(isNull(exception.resolvedAt)).get()?.open ?? 0;
  }

  #rows(where: SQL | undefined, limit: number): readonly ExceptionRow[] {
    return this.#typed
      .select({
        id: exception.id,
        kind: exception.kind,
        sku: exception.sku,
        sequence: exception.sequence,
        deficit: exception.deficit,
        openedAt: exception.openedAt,
        resolvedAt: exception.resolvedAt,
        resolvedBy: exception.resolvedBy,
        closedBy: exception.closedBy,
        closingNote: exception.closingNote,
        barcode: exception.barcode,
      })
      .from(exception)
      .where(where)
      .orderBy(asc(exception.id))
      .limit(limit)
      .all()
      .map(({ kind, sku, barcode, resolvedAt, resolvedBy, closedBy, closingNote, ...row }) => ({
        ...row,
        kind: kind as ExceptionKind,
        sku: sku as Sku,
        barcode: barcode ?? undefined,
        resolution: resolutionOf({ resolvedAt, resolvedBy, closedBy, closingNote }),
      }));
  }
}

function resolutionOf(row: {
  resolvedAt: number | null;
  resolvedBy: number | null;
  closedBy: string | null;
  closingNote: string | null;
}): ExceptionResolution | undefined {
  const { resolvedAt: at, resolvedBy: sequence, closedBy: actor, closingNote: note } = row;
  if (at === null) return undefined;
  if (actor !== null) return { at, by: 'person', actor, note: note ?? '' };
  return sequence === null ? { at, by: 'catalogue' } : { at, by: 'movement', sequence };
}
