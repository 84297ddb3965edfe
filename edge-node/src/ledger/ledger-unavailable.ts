import { DiskDistrusted, isDiskFailure } from '../store/disk-failure.ts';

/**
 * The database did not take the write. The caller may repeat it unchanged: nothing of the command was recorded, unless the disk
 * failed (`isUncertain`). Then it may have been, and its key or receipt keeps it from being recorded twice.
 */
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
    this.hint =
      isDiskFailure(cause) || cause instanceof DiskDistrusted
        ? 'The disk fails: look at it (kernel log, SMART) and replace it. The node opens its database again by itself; reads go on.'
        : (hints[code ?? ''] ?? 'Look at the node log and the disk; the command may be sent again unchanged.');
  }

  get isDiskFull(): boolean {
    return this.code === 'SQLITE_FULL';
  }

  /** The disk failed while the write was being stored: only the database, opened again, can tell whether it was. */
  get isUncertain(): boolean {
    return isDiskFailure(this.cause);
  }
}

const hints: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'The disk is full: free space on the node; reads go on, writes resume by themselves.',
};

/** The code of an error that SQLite has raised. */
export function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}
