import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { PowerCutDisk } from '../world/power-cut-disk.ts';
import { inWorld } from '../world/world.ts';

const DISK_MEGABYTES = 256;
const FULL_MS = 2_000;
const NOTICED_WITHIN_MS = 60_000;
const run = promisify(execFile);

/**
 * The disk of central's database server is full. Central says so and keeps trying, nodes sell on, and everything arrives when there
 * is room.
 */
export const databaseDiskFull: FaultCase = {
  rows: [66],
  name: 'database-disk-full',
  needs: ['postgres', 'loop-image'],
  run: async (lab) => {
    const databaseMovedTo = async (directory: string) => {
      const { under, mountPoint } = await PowerCutDisk.make(lab.directory, DISK_MEGABYTES, directory);
      return { under, directory: mountPoint };
    };
    return inWorld({ ...lab, store: 'postgres' }, { databaseMovedTo }, async (world) => {
      const { database, centralUrl } = world;
      const ballast = join(`/proc/${database.pid}/root`, lab.directory, 'disk', 'ballast');
      await database.beginLogFile();
      // Ends when the disk is full: that is no failure.
      await run('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4096']).catch(() => 'the disk is full');
      // Of one answer: what needs no more room is written meanwhile, and then central says that it goes on.
      let told = await ingestOf(centralUrl);
      const isNoticed = async () => {
        told = await ingestOf(centralUrl);
        return told.state === 'store-failing';
      };
      await until(isNoticed, NOTICED_WITHIN_MS, 'it is noticed');
      const { isUp, hint } = told;
      hold(!isUp && hint !== undefined && hint !== '', `central says nothing of what to do: ${hint}`);
      await world.traffic.flow(FULL_MS);
      hold(database.isRunning, 'the server ended: its disk cannot be reached by it');
      await rm(ballast);
      return `central says "${hint}": ${await world.judged()}`;
    });
  },
};

type Ingest = { readonly isUp: boolean; readonly state: string; readonly hint?: string };

async function ingestOf(centralUrl: string): Promise<Ingest> {
  const { body } = await requestJson(`${centralUrl}/v1/status`, { timeoutMs: 40_000 });
  return (body as { readonly ingest: Ingest }).ingest;
}
