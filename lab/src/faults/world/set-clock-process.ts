import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Loaded into a process before everything else (`--import`, by wall-clock.ts): its wall clock is off by the milliseconds that the file
 * says which its own address names. They may change at any time, as when somebody sets the clock; the clock of the machine is left
 * alone, and durations do not notice.
 */
const file = fileURLToPath(new URL(import.meta.url).searchParams.get('by') ?? '');
const realNow = Date.now.bind(Date);
/** Not looked up at every look at the clock: a busy node has thousands of them a second. */
const LOOKED_UP_EVERY_MS = 20;
let offsetMs = 0;
let lookedUpAt = 0;

function now(): number {
  const real = realNow();
  if (Math.abs(real - lookedUpAt) >= LOOKED_UP_EVERY_MS) {
    lookedUpAt = real;
    offsetMs = Number(readFileSync(file, 'utf8'));
  }
  return real + offsetMs;
}

Date.now = now;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
});
