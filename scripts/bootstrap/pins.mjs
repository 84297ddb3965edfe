import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const TOOLS = join(ROOT, '.tools');

export const NODE_PINNED = '24.21.0';
/** The first release that runs TypeScript sources without a flag. */
export const NODE_OLDEST = '22.18.0';
export const PNPM_PINNED = '12.21.0';
/** Older servers work too; this one and newer ones are preferred. */
export const NATS_PREFERRED = '2.10.0';
/** The Debian release whose nats-server package is new enough; any suite of the mirror may be named instead. */
export const NATS_SUITE = process.env.EDGESTOCK_NATS_SUITE ?? 'trixie';

export const isWindows = process.platform === 'win32';

/** Compares dotted versions number by number; `v24.1.0` and `24.1.0` are the same. */
export function isAtLeast(version, oldest) {
  const found = numbersOf(version);
  const wanted = numbersOf(oldest);
  const firstDifference = wanted.findIndex((number, index) => found[index] !== number);
  return firstDifference === -1 || found[firstDifference] > wanted[firstDifference];
}

function numbersOf(version) {
  return version.replace(/^v/, '').split(/[.-]/).map(Number);
}
