import { readFileSync } from 'node:fs';
import { WALL_CLOCK_FILE } from './wall-clock.ts';

/**
 * Loaded into a process before everything else (`--import`): its wall clock is off by the milliseconds that a file says, which may
 * change at any time, as when somebody sets the clock. The clock of the machine is left alone, and durations do not notice.
 */
const path = process.env[WALL_CLOCK_FILE];
if (path !== undefined) setTheClockBy(path);

function setTheClockBy(file: string): void {
  const real = Date.now.bind(Date);
  let offsetMs = 0;
  let readAt = 0;
  const shifted = (): number => {
    const now = real();
    // Not at every look: a busy node looks thousands of times a second.
    if (Math.abs(now - readAt) >= 20) {
      readAt = now;
      offsetMs = Number(readFileSync(file, 'utf8')) || 0;
    }
    return now + offsetMs;
  };
  Date.now = shifted;
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [shifted()] : args, newTarget),
  });
}
