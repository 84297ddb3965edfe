/** Makes a retried write the same write (P9): the scope keeps receipts, keys and import rows from colliding with one another. */
export type Idempotency = {
  readonly scope: 'key' | 'sale' | 'return' | 'import';
  readonly key: string;
  /** Digest of the request's body: the same key with another body is a mistake, not a retry. */
  readonly fingerprint: string;
};

/** What any command may say beside its effect. */
export type CommandContext = {
  readonly document?: string;
  readonly actor?: string;
  /** When it happened by the reporter's clock, milliseconds since 1970 UTC. */
  readonly occurredAt?: number;
  readonly idempotency?: Idempotency;
  /** The position version the caller saw; the command holds only if it is still that. For commands on one position. */
  readonly ifVersion?: number;
};
