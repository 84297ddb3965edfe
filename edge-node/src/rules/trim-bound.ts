/** Up to where history may go. */
export type TrimBound = {
  /** Central's cursor in this log, as its replies said. What the broker has acknowledged does not count. */
  readonly appliedUpTo: number;
  /** Up to here the log has had its time (`ageing.ts`); what comes after is still explained here. */
  readonly agedUpTo: number;
};

/** May this movement leave the log? P2: never beyond what central has applied. P9: never before it has had its time. */
export function mayBeTrimmed(sequence: number, { appliedUpTo, agedUpTo }: TrimBound): boolean {
  return sequence <= appliedUpTo && sequence <= agedUpTo;
}
