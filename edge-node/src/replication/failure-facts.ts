import { AssertionError } from '@edgestock/shared/runtime/assert';

/** What the log says of a failure. */
export type FailureFacts = { readonly reason: string; readonly code?: string; readonly hint?: string };

/**
 * The facts of an operating failure (a broken link, a full disk), which replication outlives and tries again. Our own mistakes
 * are none: they are thrown on.
 */
export function failureFacts(error: unknown): FailureFacts {
  if (!(error instanceof Error) || error instanceof AssertionError || error instanceof TypeError) throw error;
  return {
    reason: error.message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...('hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {}),
  };
}
