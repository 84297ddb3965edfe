import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOOLS } from './pins.mjs';

/** A stamp remembers for which inputs a step was last completed. It is written last, so a half-done step is redone. */
export function isStamped(name, key) {
  return readStamp(name) === key;
}

export function readStamp(name) {
  try {
    return readFileSync(stampFile(name), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export function stamp(name, key) {
  writeFileSync(stampFile(name), key);
}

export function clearStamp(name) {
  rmSync(stampFile(name), { force: true });
}

function stampFile(name) {
  return join(TOOLS, `${name}.stamp`);
}
