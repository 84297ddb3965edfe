import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RejoinUnderWay, rejoinUnderWay } from '@edgestock/shared/protocol/rejoin';
import { flushed } from '@edgestock/shared/sqlite/database-file';

const FILE = 'rejoin.json';

/** `undefined` where none is under way. Throws when the file cannot be read: then nobody knows how far it has got. */
export function readRejoin(dataDir: string): RejoinUnderWay | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, FILE), 'utf8');
  } catch (error) {
    // Whether the directory can be one is for whoever opens the books to say.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
  return rejoinUnderWay.parse(JSON.parse(text));
}

export function writeRejoin(dataDir: string, state: RejoinUnderWay): void {
  const path = join(dataDir, FILE);
  writeFileSync(`${path}.part`, JSON.stringify(state));
  flushed(`${path}.part`, path);
}

export function removeRejoin(dataDir: string): void {
  rmSync(join(dataDir, FILE), { force: true });
}
