/** Where a disk without room fails, too; that says nothing against what it holds. */
const fullDiskCodes = ['SQLITE_IOERR_SHMOPEN', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_IOERR_SHMMAP', 'SQLITE_IOERR_TRUNCATE'];

/**
 * A failure after which a connection is not trusted again: the disk did not store, or did not give back, what it was asked to.
 * After a failed fsync the kernel may count pages as written that are not, so a second one that succeeds proves nothing; what
 * is on the disk is known again when the file has been closed, opened and checked.
 */
export function isDiskFailure(error: unknown): error is Error {
  const code = codeOf(error);
  if (code === undefined || error instanceof DiskDistrusted) return false;
  return /^SQLITE_(IOERR|CORRUPT|NOTADB)/.test(code) && !fullDiskCodes.includes(code);
}

/** A write that was not tried, because the disk had failed under an earlier one. Nothing of it was recorded. */
export class DiskDistrusted extends Error {
  override readonly name = 'DiskDistrusted';
  /** SQLite's word for what had happened. */
  readonly code: string;

  constructor(cause: Error) {
    super(`no write was tried after a failure of the disk: ${cause.message}`, { cause });
    this.code = codeOf(cause) ?? 'SQLITE_IOERR';
  }
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
