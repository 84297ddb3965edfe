import { checkElement, type Element, type ElementsReading, refused, unknownIdentifier } from './element.ts';
import { syntaxAt, syntaxOf, valueLengthMax } from './syntax.ts';

/** What a scanner sends where the symbol has a separator (FNC1 inside the data): ASCII Group Separator. */
export const SEPARATOR = '\u001d';

/**
 * Reads identifiers and values run together, as a GS1 symbol holds them: `01…17…10LOT<GS>21…`. A separator ends every value
 * whose length the first two digits of its identifier do not fix (GS1 General Specifications, §7.8.5). Separators that are
 * not needed are allowed, as scanners send them: after a fixed length, and one at the end.
 */
export function parseElementString(text: string): ElementsReading {
  if (text === '') return refused({ code: 'empty', message: 'the symbol holds no GS1 data' });
  const elements: Element[] = [];
  let position = 0;
  while (position < text.length) {
    const syntax = syntaxAt(text, position);
    if (!syntax) return refused(unknownIdentifier(text.slice(position, position + 4)));
    const { identifier } = syntax;
    const start = position + identifier.length;
    const separator = text.indexOf(SEPARATOR, start);
    const end = separator < 0 ? text.length : separator;
    const value = text.slice(start, syntax.isPredefinedLength ? Math.min(end, start + valueLengthMax(syntax)) : end);
    const problem = checkElement({ identifier, value }, 'refuse');
    if (problem) return refused(problem);
    elements.push({ identifier, value });
    position = start + value.length;
    if (text[position] === SEPARATOR) position++;
  }
  return { outcome: 'elements', elements };
}

/** The elements run together, with a separator only where one is needed. */
export function formatElementString(elements: readonly Element[]): string {
  return elements
    .map(({ identifier, value }, index) => {
      const isLast = index === elements.length - 1;
      return identifier + value + (isLast || syntaxOf(identifier)?.isPredefinedLength ? '' : SEPARATOR);
    })
    .join('');
}
