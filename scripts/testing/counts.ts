import { readFileSync } from 'node:fs';

/** Tests, not files. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Where the counting reporter leaves its result for the process that started the tests. */
export const COUNTS_FILE_VARIABLE = 'EDGESTOCK_TEST_COUNTS';

/** The line that ends every run, for people and for programs that read the last line only. */
export function plainLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Undefined when the test process ended before it could count. */
export function readCounts(path: string): Counts | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Counts;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
