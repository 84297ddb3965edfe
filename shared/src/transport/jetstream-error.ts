/** The broker's own "stream not found". */
export const STREAM_NOT_FOUND = 10_059;

/** The code of an error that JetStream itself answered with; `undefined` for any other (a timeout, a lost connection). */
export function jetStreamErrorCode(error: unknown): number | undefined {
  const apiError = typeof error === 'object' && error !== null && 'api_error' in error ? error.api_error : undefined;
  const isObject = typeof apiError === 'object' && apiError !== null && 'err_code' in apiError;
  return isObject && typeof apiError.err_code === 'number' ? apiError.err_code : undefined;
}
