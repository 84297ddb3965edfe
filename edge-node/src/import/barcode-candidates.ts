import { normaliseGtin } from '@edgestock/shared/inventory/gtin';
import { repairGtin } from '@edgestock/shared/inventory/gtin-repair';

/** What a barcode of a stock file may stand for in the catalogue, likeliest first. */
export function barcodeCandidates(text: string): readonly string[] {
  const repair = repairGtin(text);
  const repaired = repair.outcome === 'gtin' ? [repair.gtin, ...repair.alternatives] : [];
  const printed = normaliseGtin(text);
  return [...new Set<string>([...repaired, ...(printed.outcome === 'gtin' ? printed.candidates : []), text])];
}
