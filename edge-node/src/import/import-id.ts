import { hash } from 'node:crypto';
import type { ImportPlan } from './read-rows.ts';

/**
 * Names an import by what it does: warehouse, kind, content and reading of the file, and how many times it was repeated on
 * purpose. The same import is therefore found again, by whoever starts it and however often it was interrupted.
 */
export function importId(of: {
  readonly warehouse: string;
  readonly plan: ImportPlan;
  readonly digest: string;
  readonly repeat: number;
}): string {
  const { kind, mapping, badBarcodes } = of.plan;
  const parts = [of.warehouse, kind, of.digest, [...mapping].sort(), badBarcodes, of.repeat];
  return hash('sha256', JSON.stringify(parts), 'hex');
}
