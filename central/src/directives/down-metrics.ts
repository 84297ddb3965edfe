/** Counters of the logs down since the writer's thread started. Plain numbers: they cross threads. */
export type DownMetrics = {
  batchesSent: number;
  directivesSent: number;
  publishFailures: number;
  /** Times directives were sent again, for whatever reason. */
  rewinds: number;
  /** Dropped from the logs: no node needs them any more. */
  directivesTrimmed: number;
  /** Nodes whose cursor is not of this log: they get nothing. */
  cursorFaults: number;
};

export function emptyDownMetrics(): DownMetrics {
  return { batchesSent: 0, directivesSent: 0, publishFailures: 0, rewinds: 0, directivesTrimmed: 0, cursorFaults: 0 };
}
