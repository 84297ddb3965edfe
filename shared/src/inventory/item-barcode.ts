import { unreachable } from '../runtime/assert.ts';
import { repairGtin } from './gtin-repair.ts';

/** A barcode of a catalogue in its stored form, or why it cannot be one. */
export type ItemBarcode =
  | { readonly outcome: 'barcode'; readonly barcode: string; readonly zerosAdded: number }
  | { readonly outcome: 'refused'; readonly message: string };

/**
 * A catalogue's barcode as it is kept, whoever brings it. Leading zeros that a spreadsheet ate are put back where the check
 * digit proves it; what is not a number of a GTIN's length is a shop's own code and stays as it is.
 */
export function itemBarcode(text: string): ItemBarcode {
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

const spreadsheetNumber =
  'a spreadsheet has rounded this number and its digits are lost: format the column as text and export it again';

function ownCode(text: string): ItemBarcode {
  return { outcome: 'barcode', barcode: text, zerosAdded: 0 };
}
