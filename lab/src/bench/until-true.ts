import { systemClock } from '@edgestock/shared/runtime/clock';

const PATIENCE_MS = 30_000;
const ASK_EVERY_MS = 50;

/** Looks again and again until it is so. Throws when that takes too long, with what it was. */
export async function untilTrue(
  what: string,
  look: () => Promise<boolean>,
  { withinMs = PATIENCE_MS, everyMs = ASK_EVERY_MS }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<void> {
  const givesUpMs = systemClock.monotonicMs() + withinMs;
  while (!(await look())) {
    if (systemClock.monotonicMs() > givesUpMs) throw new Error(`not within ${withinMs / 1_000} s: ${what}`);
    await systemClock.sleep(everyMs);
  }
}
