import { checkElement, type Element, type Gs1Problem, refused } from './element.ts';
import { type Syntax, syntaxOf } from './syntax.ts';

/** `other` is an address that carries no GS1 key at all, such as a shop's home page; `refused` has a key and a mistake. */
export type DigitalLinkReading =
  | { readonly outcome: 'elements'; readonly elements: readonly Element[] }
  | { readonly outcome: 'refused'; readonly problem: Gs1Problem }
  | { readonly outcome: 'other' };

/** The words of Digital Link 1.0 that stand for identifiers in a path; labels with them are still on shelves. */
const words: Readonly<Record<string, string>> = {
  gtin: '01',
  itip: '8006',
  gmn: '8013',
  cpid: '8010',
  gln: '414',
  payTo: '415',
  party: '417',
  gsrnp: '8017',
  gsrn: '8018',
  gcn: '255',
  sscc: '00',
  gdti: '253',
  ginc: '401',
  gsin: '402',
  grai: '8003',
  giai: '8004',
  cpv: '22',
  lot: '10',
  ser: '21',
  cpsn: '8011',
  glnx: '254',
  refno: '8020',
  srin: '8019',
};

const URI_CHARACTERS = /^[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%-]*$/;
const SCHEME = /^(?:https?|HTTPS?):\/\//;
const AUTHORITY = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?$/;
const PORT_MAX = 65_535;

/** True for a text that says it is a web address. */
export function looksLikeLink(text: string): boolean {
  return SCHEME.test(text);
}

/**
 * Reads a GS1 Digital Link URI (version 1.2, uncompressed): `https://any.host/any/stem/01/09520123456788/10/LOT?17=271231`.
 * The key and its qualifiers stand in the path, the last key counts; attributes stand behind the `?`. Other parameters and
 * the fragment are somebody else's. A GTIN with its leading zeros left out, as version 1.0 allowed, is padded.
 */
export function parseDigitalLink(uri: string): DigitalLinkReading {
  if (!URI_CHARACTERS.test(uri) || !SCHEME.test(uri)) return { outcome: 'other' };
  const [address = ''] = uri.replace(SCHEME, '').split('#');
  const [location = '', ...queries] = address.split('?');
  const [authority = '', ...segments] = location.split('/');
  const [isHost, port = '0'] = AUTHORITY.exec(authority) ?? [];
  if (isHost === undefined || Number(port) > PORT_MAX) return { outcome: 'other' };
  const path = readPath(segments);
  if (!path) return { outcome: 'other' };
  return readLink(path, queries.join('?'));
}

type Path = { readonly key: Syntax; readonly pairs: readonly Pair[] };
/** An identifier with its value as it stands in the URI, still percent-encoded. */
type Pair = { readonly identifier: string; readonly encoded: string };

/** From the last key to the end of the path, in pairs. */
function readPath(segments: readonly string[]): Path | undefined {
  const pairs: Pair[] = [];
  for (let place = segments.length - 2; place >= 0; place -= 2) {
    const word = segments[place] ?? '';
    const identifier = Object.hasOwn(words, word) ? (words[word] ?? word) : word;
    pairs.unshift({ identifier, encoded: segments[place + 1] ?? '' });
    const key = syntaxOf(identifier);
    if (key?.keyQualifiers) return { key, pairs };
  }
  return undefined;
}

function readLink({ key, pairs }: Path, query: string): DigitalLinkReading {
  const qualifiers = pairs.slice(1).map(({ identifier }) => identifier);
  if (!key.keyQualifiers?.some((order) => isSubsequence(qualifiers, order))) {
    return refused(misplaced(qualifiers.join(', '), `cannot follow (${key.identifier}) in the path in this order`));
  }
  const elements: Element[] = [];
  for (const [index, { identifier, encoded }] of [...pairs, ...readQuery(query)].entries()) {
    const value = decode(encoded);
    if (value === undefined) return refused(misplaced(identifier, 'is not percent-encoded text'));
    const element = { identifier, value: identifier === '01' ? withZerosPutBack(value) : value };
    const isAttribute = index >= pairs.length;
    const problem =
      checkElement(element, 'refuse') ?? (isAttribute ? checkAttribute(identifier, key, elements) : undefined);
    if (problem) return refused(problem);
    elements.push(element);
  }
  return { outcome: 'elements', elements };
}

/** The parameters that are numbers: those are GS1's. In a query, but not in a path, `+` is a space. */
function readQuery(query: string): readonly Pair[] {
  return query.split('&').flatMap((parameter) => {
    const [, identifier, encoded] = /^([0-9]+)=(.*)$/.exec(parameter) ?? [];
    return identifier === undefined || encoded === undefined
      ? []
      : [{ identifier, encoded: encoded.replaceAll('+', ' ') }];
  });
}

function checkAttribute(identifier: string, key: Syntax, before: readonly Element[]): Gs1Problem | undefined {
  if (!syntaxOf(identifier)?.isLinkAttribute) return misplaced(identifier, 'is no attribute');
  if (isQualifierOf(key, identifier)) return misplaced(identifier, `belongs into the path, behind (${key.identifier})`);
  const isRepeated = before.some((element) => element.identifier === identifier);
  return isRepeated ? misplaced(identifier, 'is in the link twice') : undefined;
}

/** True for an identifier that narrows the key down, and so stands in the path. */
export function isQualifierOf(key: Syntax, identifier: string): boolean {
  return key.keyQualifiers?.some((order) => order.includes(identifier)) ?? false;
}

function misplaced(identifier: string, complaint: string): Gs1Problem {
  return { code: 'misplaced', identifier, message: `(${identifier}) ${complaint}` };
}

function isSubsequence(part: readonly string[], order: readonly string[]): boolean {
  let place = -1;
  return part.every((item) => {
    place = order.indexOf(item, place + 1);
    return place >= 0;
  });
}

function withZerosPutBack(value: string): string {
  return /^(?:[0-9]{8}|[0-9]{12,13})$/.test(value) ? value.padStart(14, '0') : value;
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined; // the only error it knows is a % that no byte of text follows
  }
}
