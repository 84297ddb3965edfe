import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOOLS } from './pins.mjs';
import { SetupError, say } from './run.mjs';

const POLL_MS = 250;
const WAIT_MAX_MS = 15 * 60_000;
/** A lock without an owner's name is being written right now, or its writer died in that moment. */
const NAMELESS_MAX_MS = 5_000;

/** Runs `work` while no other process sets up the same checkout. A lock whose owner has died is taken over. */
export function locked(work, lock = join(TOOLS, 'lock')) {
  for (let waitedMs = 0; !take(lock); waitedMs += POLL_MS) {
    if (removeAbandoned(lock)) continue;
    if (waitedMs > WAIT_MAX_MS) throw new SetupError(`another set-up holds ${lock} for too long`);
    if (waitedMs === 0) say('another set-up of this checkout is running, waiting for it');
    sleep(POLL_MS);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Of two processes that create the same file exclusively, one gets it. */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * True when the way is free again. Renaming instead of deleting: if somebody else was quicker and the lock is a new one
 * by now, it can be put back.
 */
function removeAbandoned(lock) {
  try {
    const owner = readFileSync(lock, 'utf8');
    if (isAlive(owner, lock)) return false;
    const aside = `${lock}.${process.pid}`;
    renameSync(lock, aside);
    if (readFileSync(aside, 'utf8') === owner) rmSync(aside);
    else renameSync(aside, lock);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return true; // it was released, or somebody else took it away
    throw error;
  }
}

function isAlive(owner, lock) {
  if (owner === '') return Date.now() - statSync(lock).mtimeMs < NAMELESS_MAX_MS;
  try {
    process.kill(Number(owner), 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH'; // EPERM: it runs, but belongs to somebody else
  }
}

/** The set-up is one sequential story, so it may block. */
function sleep(durationMs) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
