/** What a column holds, whatever an engine calls that. */
export type ColumnKind = 'text' | 'integer' | 'flag' | 'bytes';

export type MovedColumn = { readonly name: string; readonly kind: ColumnKind };

/** A table that is a part of the store, and goes over whole. */
export type MovedTable = {
  readonly name: string;
  readonly columns: readonly MovedColumn[];
  /** By which both engines read it in order without sorting. */
  readonly key: readonly string[];
};

/** A value as neither engine says it: flags are booleans, and text is what both can keep. */
export type MovedValue = string | number | boolean | Uint8Array | null;
/** In the order of the table's columns. */
export type MovedRow = readonly MovedValue[];

/** The row of the store itself, which is there before a store is filled. */
export const META = 'meta';

/** Rows that are read and written together. Those with bytes may be as large as a message. */
export function rowsPerPage({ columns }: MovedTable): number {
  return columns.some(({ kind }) => kind === 'bytes') ? 100 : 2_000;
}
