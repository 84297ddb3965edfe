import { hash } from 'node:crypto';
import { parseSku, SKU_LENGTH_MAX, type Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';

const DIGEST_LENGTH = 16;
/** As much of the text as is kept for whoever looks into it. */
const KEPT_CHARS_MAX = 256;

/**
 * The SKU under which a fact is recorded whose barcode cannot be read (P4): the text with what no SKU may have percent-encoded,
 * or, where that is too long, its beginning and a digest. The same text makes the same SKU, so that what is sold of it can
 * come back, and be moved to the right SKU later.
 */
export function unreadableSku(barcode: string): Sku {
  const text = barcode.trim() === '' ? barcode : barcode.trim();
  const pieces = [...text].map((character, index, { length }) => {
    // An outer space is what is left of a text that has nothing else; of the others only the character itself decides.
    const isOuterSpace = (index === 0 || index === length - 1) && character.trim() === '';
    return character === '%' || isOuterSpace || parseSku(`x${character}x`) === undefined
      ? encodeURIComponent(character)
      : character;
  });
  const whole = pieces.join('');
  return must(parseSku(whole) ?? parseSku(shortened(pieces, text)), 'what no SKU may have was escaped');
}

/** The scanned text as far as it is kept; never half a character. */
export function keptText(barcode: string): string {
  return [...barcode].slice(0, KEPT_CHARS_MAX).join('');
}

function shortened(pieces: readonly string[], text: string): string {
  let begin = '';
  for (const piece of pieces) {
    if (begin.length + piece.length + 1 + DIGEST_LENGTH > SKU_LENGTH_MAX) break;
    begin += piece;
  }
  return `${begin}~${hash('sha256', text).slice(0, DIGEST_LENGTH)}`;
}
