import { checkElement, type Element, type ElementsReading, refused, type UnknownIdentifiers } from './element.ts';

/** One element: brackets around two to four digits, then the value; `\(` stands for a bracket in the value. */
const ELEMENT = /\(([0-9]{2,4})\)((?:\\\(|[^(])*)/y;

/** True for a text that starts like `(01)`, whatever follows. */
export function looksBracketed(text: string): boolean {
  return /^\([0-9]{2,4}\)/.test(text);
}

/**
 * Reads the form that is printed below a GS1 symbol for people, and that some scanners send: `(01)…(17)…(10)LOT`. The
 * brackets are not part of the data. Zero elements are a mistake.
 */
export function parseBracketed(text: string, unknown: UnknownIdentifiers = 'refuse'): ElementsReading {
  const elements: Element[] = [];
  let position = 0;
  while (position < text.length || elements.length === 0) {
    ELEMENT.lastIndex = position;
    const [matched, identifier, escaped] = ELEMENT.exec(text) ?? [];
    if (matched === undefined || identifier === undefined || escaped === undefined) {
      return refused({ code: 'malformed', message: `no (identifier) at character ${position + 1}` });
    }
    const element = { identifier, value: escaped.replaceAll('\\(', '(') };
    const problem = checkElement(element, unknown);
    if (problem) return refused(problem);
    elements.push(element);
    position += matched.length;
  }
  return { outcome: 'elements', elements };
}
