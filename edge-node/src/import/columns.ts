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

/** Finds the columns in the header: by the mapping where it names one, else by name or a usual alias of it. */
export function findColumns(kind: ImportKind, header: readonly string[], mapping: ColumnMapping): ColumnsAnswer {
  const columns = new Map<string, number>();
  const problems: string[] = [];
  for (const { name, aliases } of knownColumns[kind]) {
    const wanted = mapping.get(name);
    const index =
      wanted === undefined
        ? header.findIndex((title) => [name, ...aliases].includes(simplified(title)))
        : indexOfTitle(header, wanted);
    if (index >= 0) columns.set(name, index);
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

function indexOfTitle(header: readonly string[], title: string): number {
  const exact = header.findIndex((other) => other.trim() === title);
  return exact >= 0 ? exact : header.findIndex((other) => simplified(other) === simplified(title));
}

function simplified(title: string): string {
  return title.toLowerCase().replace(/[\s_.-]+/g, '');
}
