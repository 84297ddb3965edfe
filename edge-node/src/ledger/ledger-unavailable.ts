/** The database did not take the write. Nothing of the command was recorded; the caller may repeat it unchanged. */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';
  readonly retryable = true;
  /** SQLite's code; `undefined` when the cause is not the database, as in a node that is stopping. */
  readonly code: string | undefined;
  readonly hint: string;

  constructor(cause: unknown) {
    const code = sqliteCode(cause);
    super(`the stock database refused the write (${code ?? 'unknown cause'})`, { cause });
    this.code = code;
    this.hint = hints[code ?? ''] ?? 'Look at the node log and the disk; the command may be sent again unchanged.';
  }

  get isDiskFull(): boolean {
    return this.code === 'SQLITE_FULL';
  }
}

const hints: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'The disk is full: free space on the node; reads go on, writes resume by themselves.',
  SQLITE_IOERR_FSYNC: 'The disk failed to store data: replace it before trusting this node.',
};

/** The code of an error that SQLite has raised. */
export function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}
