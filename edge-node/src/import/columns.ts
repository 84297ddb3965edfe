import type { ImportKind } from '../store/import-store.ts';

/** A column that an import knows, and the headers it is recognised by without being told. */
type KnownColumn = { readonly name: string; readonly aliases: readonly string[]; readonly meaning: string };

export const knownColumns: Readonly<Record<ImportKind, readonly KnownColumn[]>> = {
  catalogue: [
    { name: 'sku', aliases: ['code', 'itemnumber', 'itemno', 'articlenumber', 'productid'], meaning: 'your own key' },
    { name: 'name', aliases: ['title', 'description', 'productname'], meaning: 'what people call it' },
    {
      name: 'barcode',
      aliases: ['ean', 'gtin', 'upc', 'gtinupc', 'eanupc'],
      meaning: 'what a scanner reads; several rows give a SKU several barcodes',
    },
    {
      name: 'multiple',
      aliases: ['units', 'packsize', 'unitsperpack'],
      meaning: 'base units that one scan means (12 for a case of 12)',
    },
    {
      name: 'warehouses',
      aliases: [],
      meaning: 'whom it concerns, like BER1|HAM1; empty = all. Read with --central only',
    },
  ],
  stock: [
    { name: 'sku', aliases: ['code', 'itemnumber', 'itemno', 'articlenumber', 'productid'], meaning: 'your own key' },
    { name: 'barcode', aliases: ['ean', 'gtin', 'upc', 'gtinupc', 'eanupc'], meaning: 'instead of the SKU' },
    { name: 'quantity', aliases: ['qty', 'onhand', 'stock', 'counted'], meaning: 'whole units on hand' },
    { name: 'bin', aliases: ['location', 'shelf'], meaning: 'where they are' },
    { name: 'lot', aliases: ['batch', 'lotnumber'], meaning: 'their lot' },
    { name: 'expiry', aliases: ['expirydate', 'bestbefore', 'usebefore'], meaning: 'of the lot, YYYY-MM-DD' },
    { name: 'condition', aliases: [], meaning: 'sellable, damaged, hold or expired' },
  ],
};

/** Where each known column stands in the file's rows; absent = the file has none. */
export type Columns = ReadonlyMap<string, number>;
export type ColumnsAnswer =
  | { readonly outcome: 'found'; readonly columns: Columns }
  | { readonly outcome: 'missing'; readonly problems: readonly string[] };

export type ColumnMapping = ReadonlyMap<string, string>;

/** `sku=code,name=title` as a mapping, or what is wrong with it. */
export function parseMapping(kind: ImportKind, text: string): ColumnMapping | readonly string[] {
  const names = knownColumns[kind].map(({ name }) => name);
  const mapping = new Map<string, string>();
  const problems: string[] = [];
  for (const part of text.split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...rest] = part.split('=');
    const header = rest.join('=').trim();
    if (!names.includes(name.trim())) {
      problems.push(`${name.trim()} is not a column of a ${kind} import; these are: ${names.join(', ')}`);
    } else if (header === '') problems.push(`${part.trim()}: write ${name.trim()}=HEADER, the header in the file`);
    else mapping.set(name.trim(), header);
  }
  return problems.length > 0 ? problems : mapping;
}

/** Finds the columns in the header: by the mapping where it names one, else by name, else by the first usual alias that is there. */
export function findColumns(kind: ImportKind, header: readonly string[], mapping: ColumnMapping): ColumnsAnswer {
  const columns = new Map<string, number>();
  const problems: string[] = [];
  for (const { name, aliases } of knownColumns[kind]) {
    const wanted = mapping.get(name);
    const places = wanted === undefined ? placesByName(header, [name, ...aliases]) : placesOfTitle(header, wanted);
    const [index] = places;
    if (places.length > 1) problems.push(ambiguous(name, header, places));
    if (index !== undefined) columns.set(name, index);
    else if (wanted !== undefined) problems.push(`there is no column ${wanted} for ${name}`);
  }
  const missing = required(kind).filter((choice) => !choice.some((name) => columns.has(name)));
  problems.push(...missing.filter((choice) => !choice.some((name) => mapping.has(name))).map(missingSentence));
  if (problems.length === 0) return { outcome: 'found', columns };
  const there = `the file has these columns: ${header.map((title) => title.trim() || '(empty)').join(', ')}`;
  return { outcome: 'missing', problems: [...problems, there] };
}

/** Of each group at least one. */
function required(kind: ImportKind): readonly (readonly string[])[] {
  return kind === 'catalogue' ? [['sku']] : [['sku', 'barcode'], ['quantity']];
}

function missingSentence(choice: readonly string[]): string {
  return `no column for ${choice.join(' or ')}: name it with --columns ${choice[0]}=HEADER`;
}

/** Under the first of these names that the header has. */
function placesByName(header: readonly string[], names: readonly string[]): readonly number[] {
  const present = names.find((name) => header.some((title) => simplified(title) === name));
  return placesWhere(header, (title) => simplified(title) === present);
}

/** Exactly so, else however it is spelt. */
function placesOfTitle(header: readonly string[], title: string): readonly number[] {
  const exact = placesWhere(header, (other) => other.trim() === title);
  return exact.length > 0 ? exact : placesWhere(header, (other) => simplified(other) === simplified(title));
}

function placesWhere(header: readonly string[], isIt: (title: string) => boolean): readonly number[] {
  return header.flatMap((title, index) => (isIt(title) ? [index] : []));
}

/** Which of them is meant only the file's owner knows; a guess would import the wrong values without a word. */
function ambiguous(name: string, header: readonly string[], places: readonly number[]): string {
  const titles = new Set(places.map((place) => header[place]?.trim()));
  const named = places.map((place) => `column ${place + 1} (${header[place]?.trim()})`).join(' and ');
  const remedy =
    titles.size === places.length
      ? `name the one that is meant with --columns ${name}=HEADER`
      : 'rename all but one of them in the file';
  return `${named} are both ${name}: ${remedy}`;
}

function simplified(title: string): string {
  return title.toLowerCase().replace(/[\s_.-]+/g, '');
}
