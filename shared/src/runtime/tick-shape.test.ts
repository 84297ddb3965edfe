import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const COLLECTIONS = 12;
const TICKS = 200_000;

/** Processor time of a tick in nanoseconds, in a process that was idle while its garbage was collected a dozen times. */
function nsOfTick(begin: string): number {
  const program = `
    import { keepTickShape } from ${JSON.stringify(new URL('./tick-shape.ts', import.meta.url).href)};
    ${begin}
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    for (let collection = 0; collection < ${COLLECTIONS}; collection += 1) {
      process.nextTick(() => undefined);
      await pause();
      gc();
    }
    const ticks = async (count) => {
      for (let left = count; left > 0; left -= 1) await new Promise((resolve) => process.nextTick(resolve));
    };
    await ticks(${TICKS / 10});
    const before = process.cpuUsage();
    await ticks(${TICKS});
    const { user, system } = process.cpuUsage(before);
    console.log(((user + system) * 1000) / ${TICKS});`;
  return Number(execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '--eval', program]));
}

it('keeps ticks fast however often garbage is collected while nothing goes on', () => {
  // A third of it; the margin is for a machine that is busy.
  expect(nsOfTick('keepTickShape();')).toBeLessThan(0.75 * nsOfTick(''));
});
