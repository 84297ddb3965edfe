/** What a failed transaction calls for. */
export type Failure =
  /** The server chose it to give way to another one. */
  | 'conflict'
  /** The server is not there, or went away; whether the transaction committed is not known. */
  | 'connection'
  /** The server has no room. */
  | 'full'
  /** The server takes no writes: a standby, or one that was told so. */
  | 'read-only'
  /** Nothing that another attempt could change. */
  | 'other';

const conflictStates = ['40001', '40P01'];
/** Disk full, and other resources. */
const fullStates = ['53100', '53000'];
const READ_ONLY = '25006';
/** Class 08 is added to these: the server shuts down, starts up, or has no connection left. */
const connectionStates = ['57P01', '57P02', '57P03', '57P05', '53300'];
/** The driver's words, and those of the operating system. */
const connectionCodes = [
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
];

export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  if (code === undefined) return 'other';
  if (conflictStates.includes(code)) return 'conflict';
  if (fullStates.includes(code)) return 'full';
  if (code === READ_ONLY) return 'read-only';
  if (connectionCodes.includes(code) || connectionStates.includes(code) || /^08...$/.test(code)) return 'connection';
  return 'other';
}

/** The SQLSTATE of an error that the server answered, or `undefined`. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The SQLSTATE, or the word of the driver or the operating system. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
