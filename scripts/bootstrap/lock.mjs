import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOOLS } from './pins.mjs';
import { SetupError, say } from './run.mjs';

const POLL_MS = 250;
const WAIT_MAX_MS = 15 * 60_000;
/** A lock without a readable owner is one being taken right now, or the remains of a crash in that moment. */
const OWNERLESS_MAX_MS = 5_000;

/** Runs `work` while no other process sets up the same checkout. A lock whose owner has died is taken over. */
export function locked(work) {
  mkdirSync(TOOLS, { recursive: true });
  const lock = join(TOOLS, 'lock');
  const startedAt = Date.now();
  while (!take(lock)) {
    if (isAbandoned(lock)) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (Date.now() - startedAt > WAIT_MAX_MS) throw new SetupError(`another set-up holds ${lock} for too long`);
    if (Date.now() - startedAt < POLL_MS) say('another set-up of this checkout is running, waiting for it');
    sleep(POLL_MS);
  }
  try {
    return work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Creating a folder is atomic: one of two processes gets it. */
function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(ownerFile(lock), String(process.pid));
  return true;
}

function isAbandoned(lock) {
  try {
    const owner = Number(readFileSync(ownerFile(lock), 'utf8'));
    if (owner > 0) return !isRunning(owner);
    return Date.now() - statSync(lock).mtimeMs > OWNERLESS_MAX_MS;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    const folder = statSync(lock, { throwIfNoEntry: false });
    return folder !== undefined && Date.now() - folder.mtimeMs > OWNERLESS_MAX_MS;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH'; // EPERM: it runs, but belongs to somebody else
  }
}

function ownerFile(lock) {
  return join(lock, 'pid');
}

/** The set-up is one sequential story, so it may block. */
function sleep(durationMs) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
