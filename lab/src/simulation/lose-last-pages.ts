import { statSync, truncateSync } from 'node:fs';

/** Of a write-ahead log: its header, and of each page in it. */
const HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 4_096;

/**
 * Cuts the end off a write-ahead log: what a power cut does to pages that were written and never synced. SQLite finds the last
 * commit that is whole, and the ones behind it are gone.
 */
export function loseLastPages(file: string, pages: number): void {
  const log = `${file}-wal`;
  const frames = Math.floor((statSync(log, { throwIfNoEntry: false })?.size ?? 0) / FRAME_BYTES);
  if (frames > 0) truncateSync(log, HEADER_BYTES + Math.max(0, frames - pages) * FRAME_BYTES);
}
