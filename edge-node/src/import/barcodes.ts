import { normaliseGtin } from '@edgestock/shared/inventory/gtin';
import { repairGtin } from '@edgestock/shared/inventory/gtin-repair';
import { unreachable } from '@edgestock/shared/runtime/assert';

/** A barcode of a file in its stored form, or why it cannot be one. */
export type FileBarcode =
  | { readonly outcome: 'barcode'; readonly barcode: string; readonly zerosAdded: number }
  | { readonly outcome: 'refused'; readonly message: string };

/**
 * A file's barcode as the catalogue keeps it. Leading zeros that a spreadsheet ate are put back where the check digit proves
 * it; what is not a number of a GTIN's length is a shop's own code and stays as it is.
 */
export function fileBarcode(text: string): FileBarcode {
  const repair = repairGtin(text);
  if (repair.outcome === 'gtin') return { outcome: 'barcode', barcode: repair.gtin, zerosAdded: repair.zerosAdded };
  switch (repair.reason) {
    case 'characters':
      return /^\d(\.\d+)?[eE]\+\d+$/.test(text) ? { outcome: 'refused', message: spreadsheetNumber } : ownCode(text);
    case 'length':
      return ownCode(text);
    case 'placeholder':
    case 'check-digit':
      return { outcome: 'refused', message: repair.message };
    default:
      return unreachable(repair);
  }
}

/** What a barcode of a stock file may stand for in the catalogue, likeliest first. */
export function barcodeCandidates(text: string): readonly string[] {
  const repair = repairGtin(text);
  const repaired = repair.outcome === 'gtin' ? [repair.gtin, ...repair.alternatives] : [];
  const printed = normaliseGtin(text);
  return [...new Set<string>([...repaired, ...(printed.outcome === 'gtin' ? printed.candidates : []), text])];
}

const spreadsheetNumber =
  'a spreadsheet has rounded this number and its digits are lost: format the column as text and export it again';

function ownCode(text: string): FileBarcode {
  return { outcome: 'barcode', barcode: text, zerosAdded: 0 };
}
