import { WrongCall } from '@edgestock/shared/command/wrong-call';

/** What a line of a point-of-sale file can tell. Only `sku`, `quantity` and `receipt` must be there. */
export const fields = [
  'store',
  'sku',
  'quantity',
  'receipt',
  'at',
  'till',
  'kind',
  'price',
  'name',
  'customer',
] as const;
export type Field = (typeof fields)[number];
const requiredOfSales: readonly Field[] = ['sku', 'quantity', 'receipt'];

/** Which column holds which field, as the caller names them. */
export type ColumnMapping = Readonly<Partial<Record<Field, string>>>;

/** One row of the file as text, and the line on which it begins; a field whose column was not named is absent, an empty cell is ''. */
export type RawLine = { readonly row: number } & Readonly<Partial<Record<Field, string>>>;

/** Reads `store=store_id,sku=product_id,...`. Throws `WrongCall` with the fields there are. */
export function parseColumnMapping(text: string): ColumnMapping {
  const mapping: Partial<Record<Field, string>> = {};
  for (const part of text.split(',')) {
    const [name = '', ...rest] = part.split('=');
    const column = rest.join('=').trim();
    const field = fields.find((known) => known === name.trim());
    if (!field || column === '') {
      throw new WrongCall(
        `--columns: "${part}" is not a mapping of a known field`,
        `Write field=column with these fields: ${fields.join(', ')}. Example: store=store_id,sku=product_id,quantity=quantity,receipt=basket_id`,
      );
    }
    if (mapping[field] !== undefined) throw new WrongCall(`--columns names ${field} twice`, 'Name each field once.');
    mapping[field] = column;
  }
  return mapping;
}

/** Every field under its own name, where the header has it: for files that are already in our words. */
export function mappingByName(header: readonly string[]): ColumnMapping {
  return Object.fromEntries(fields.filter((field) => header.includes(field)).map((field) => [field, field]));
}

/**
 * Ties a mapping to the header of a file. Throws `WrongCall` with the columns there are, when one is missing: a wrong guess
 * here would book the wrong goods.
 */
export function bindColumns(
  mapping: ColumnMapping,
  header: readonly string[],
  required: readonly Field[] = requiredOfSales,
): (row: number, cells: readonly string[]) => RawLine {
  const wanted = Object.entries(mapping);
  const unknown = wanted
    .filter(([, column]) => !header.includes(column))
    .map(([field, column]) => `${field}=${column}`);
  const unnamed = required.filter((field) => mapping[field] === undefined);
  if (unknown.length > 0 || unnamed.length > 0) {
    const complaints = [
      ...(unknown.length > 0 ? [`the file has no column for ${unknown.join(', ')}`] : []),
      ...(unnamed.length > 0 ? [`no column is named for ${unnamed.join(', ')}`] : []),
    ];
    throw new WrongCall(`--columns: ${complaints.join('; ')}`, `The columns there are: ${header.join(', ')}`);
  }
  for (const [field, column] of wanted) refuseTwins(header, field, column);
  const places = wanted.map(([field, column]) => [field, header.indexOf(column)] as const);
  return (row, cells) => ({ row, ...Object.fromEntries(places.map(([field, place]) => [field, cells[place] ?? ''])) });
}

/** Which of two equal columns is meant only the file's owner knows. */
function refuseTwins(header: readonly string[], field: string, column: string): void {
  const places = header.flatMap((title, index) => (title === column ? [`column ${index + 1}`] : []));
  if (places.length < 2) return;
  throw new WrongCall(
    `${places.join(' and ')} are both called ${column}: which of them is ${field}?`,
    'Rename all but one of them in the file.',
  );
}
