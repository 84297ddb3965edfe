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
  /** Of a dry run, random: it shares its rows with nobody, since it takes them back in the end. */
  readonly salt?: string;
}): string {
  const { kind, mapping, badBarcodes, encoding } = of.plan;
  const parts: unknown[] = [of.warehouse, kind, of.digest, [...mapping].sort(), badBarcodes, of.repeat];
  // Named only where it was told, so that an import begun by the release before is found again.
  if (encoding !== 'utf8') parts.push(encoding);
  if (of.salt !== undefined) parts.push(['dry run', of.salt]);
  return hash('sha256', JSON.stringify(parts), 'hex');
}
