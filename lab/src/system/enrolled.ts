import type { Clock } from '@edgestock/shared/runtime/clock';

/** A node as far as it says what it is waiting for. */
export type EnrollingNode = { readonly warehouse: string; isEnrolled(): boolean };

const LOOK_EVERY_MS = 20;

/** Waits until central has answered every node, for at most `withinMs`; the warehouses of those it has not. */
export async function untilEnrolled(
  nodes: readonly EnrollingNode[],
  options: { readonly withinMs: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { withinMs, clock, signal } = options;
  const givesUpAt = clock.monotonicMs() + withinMs;
  for (;;) {
    const waiting = nodes.filter((node) => !node.isEnrolled());
    if (waiting.length === 0 || signal.aborted || clock.monotonicMs() >= givesUpAt) {
      return waiting.map(({ warehouse }) => warehouse);
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
