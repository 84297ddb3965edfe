/** Up to where history may go. */
export type TrimBound = {
  /** Central's cursor in this log, as its replies said. What the broker has acknowledged does not count. */
  readonly appliedUpTo: number;
  /** Wall time in milliseconds; what is as old as this or younger is still explained here. */
  readonly olderThan: number;
};

/** May this movement leave the log? P2: never beyond what central has applied. */
export function mayBeTrimmed(
  movement: { readonly sequence: number; readonly at: number },
  { appliedUpTo, olderThan }: TrimBound,
): boolean {
  return movement.sequence <= appliedUpTo && movement.at < olderThan;
}
