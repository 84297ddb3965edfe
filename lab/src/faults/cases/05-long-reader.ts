import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const HELD_MS = 4_000;
const LONG_HELD_MS = 60_000;
/** What a write-ahead log may keep of the disk once nobody reads it (journal_size_limit), with room for what is being written. */
const LEFT_BYTES_MAX = 80 * 1_048_576;

/** Somebody reads the node's database for long: the write-ahead log cannot be emptied, sales go on, and it shrinks afterwards. */
export const longReader: FaultCase = {
  rows: [5],
  name: 'long-reader',
  needs: [],
  run: (lab) => readFor(lab, HELD_MS),
};

export const longReaderMinute: FaultCase = {
  ...longReader,
  name: 'long-reader-minute',
  isLong: true,
  run: (lab) => readFor(lab, LONG_HELD_MS),
};

function readFor(lab: Parameters<FaultCase['run']>[0], heldMs: number): Promise<string> {
  return inWorld(lab, {}, async (world) => {
    const path = join(world.node.directory, 'edge.sqlite');
    const bytes = () => statSync(`${path}-wal`).size;
    const reader = new Database(path, { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT sequence FROM node').get();
    const okBefore = world.history.count('ok');
    await world.traffic.flow(heldMs);
    hold(world.history.count('ok') > okBefore, 'nobody was served while somebody read');
    const grownTo = bytes();
    reader.exec('ROLLBACK');
    reader.close();
    const seen = await world.judged();
    await until(() => bytes() < LEFT_BYTES_MAX, 10_000, 'the write-ahead log is bounded again');
    return `its log grew to ${Math.round(grownTo / 1_024)} KiB: ${seen}`;
  });
}
