import { isQualifierOf } from '../inventory/gs1/digital-link.ts';
import { type Element, type Gs1Problem, refused } from '../inventory/gs1/element.ts';
import { type Syntax, syntaxOf } from '../inventory/gs1/syntax.ts';

export type LinkFormatting =
  | { readonly outcome: 'uri'; readonly uri: string }
  | { readonly outcome: 'refused'; readonly problem: Gs1Problem };

/** GS1's own resolver. */
export const DEFAULT_STEM = 'https://id.gs1.org';

/**
 * Writes checked elements as a Digital Link URI, to be read back in tests; the product prints no labels. The first key and its
 * qualifiers go into the path, everything else behind the `?`, identifiers of fixed length first, otherwise in the order
 * given. An element given twice is written once. Refused where there is no key, or where an element has no place beside it.
 */
export function formatDigitalLink(elements: readonly Element[], stem: string = DEFAULT_STEM): LinkFormatting {
  const once = elements.filter(
    (element, index) => elements.findIndex(({ identifier }) => identifier === element.identifier) === index,
  );
  const keyElement = once.find(({ identifier }) => syntaxOf(identifier)?.keyQualifiers);
  const key = keyElement && syntaxOf(keyElement.identifier);
  if (!key) return refused({ code: 'required-missing', message: 'none of the identifiers can be the key of a link' });
  const qualifiers = qualifiersOf(key, once);
  const path = [keyElement, ...qualifiers];
  const attributes = once.filter((element) => !path.includes(element));
  const homeless = attributes.find(({ identifier }) => !mayBeAttribute(key, identifier));
  if (homeless) {
    const message = `(${homeless.identifier}) has no place in a link of (${key.identifier})`;
    return refused({ code: 'misplaced', identifier: homeless.identifier, message });
  }
  const pathText = path.map(({ identifier, value }) => `/${identifier}/${encode(value)}`).join('');
  const queryText = fixedLengthFirst(attributes).map(({ identifier, value }) => `${identifier}=${encode(value)}`);
  return { outcome: 'uri', uri: stem + pathText + (queryText.length > 0 ? `?${queryText.join('&')}` : '') };
}

/** Of the orders that a key allows, the one that most elements have a place in. */
function qualifiersOf(key: Syntax, elements: readonly Element[]): readonly Element[] {
  const choices = (key.keyQualifiers ?? []).map((order) =>
    order.flatMap((wanted) => elements.filter(({ identifier }) => identifier === wanted)),
  );
  return choices.reduce((best, choice) => (choice.length > best.length ? choice : best), []);
}

/** An identifier that the table does not know was let in by the caller and stands where all new ones do. */
function mayBeAttribute(key: Syntax, identifier: string): boolean {
  const syntax = syntaxOf(identifier);
  return syntax === undefined || (syntax.isLinkAttribute && !isQualifierOf(key, identifier));
}

function fixedLengthFirst(elements: readonly Element[]): readonly Element[] {
  const isFixed = ({ identifier }: Element) => syntaxOf(identifier)?.isPredefinedLength === true;
  return [...elements.filter(isFixed), ...elements.filter((element) => !isFixed(element))];
}

/** `encodeURIComponent` leaves five more characters alone than RFC 3986 calls unreserved. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
