/** Rows read at a time, so that the longest table costs no memory. */
export const PAGE_ROWS = 1_000;

/** Reads page after page until one comes back short of rows. */
export function* pages<Row, Key>(
  read: (after: Key) => Row[],
  first: Key,
  keyOf: (row: Row) => Key,
): Generator<readonly Row[]> {
  let after = first;
  for (;;) {
    const rows = read(after);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = keyOf(last);
  }
}
