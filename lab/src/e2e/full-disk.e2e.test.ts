import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestJson } from '../api/json-request.ts';
import { type RunningCommand, runCommand, startCommandUnder } from '../testing/running-command.ts';

/**
 * A node on a small file system of its own, in a mount namespace that only it sees and that is gone with it. Needs root on
 * Linux; this process reaches the files through /proc.
 */
const DISK_BYTES = 3 * 1_048_576;
/** Room for some thirty sales if the write-ahead log keeps what it has, and for the copy that lets it give that back (its tables alone take 280 KiB). */
const FREED_BYTES = 448 * 1_024;
const SALES_AFTER = 60;
const MOUNT_AND_RUN = `mount -t tmpfs -o size=${DISK_BYTES} none "$0" && exec "$@"`;

const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0;
const skipReason = canMount ? '' : ' (left out: needs the right to mount, as root on Linux has it)';

describe.skipIf(!canMount)(`a node whose disk is full${skipReason}`, () => {
  let directory: string;
  let edge: RunningCommand;
  let receipts = 0;

  const inside = (name: string) => join(`/proc/${edge.pid}/root`, directory, name);
  const url = () => (edge.ready as { url: string }).url;
  const get = (path: string) => requestJson(url() + path);
  const linesOf = (event: string) =>
    edge.said.filter((line) => line.startsWith('{')).filter((line) => JSON.parse(line).msg === event);
  const sell = () => {
    receipts += 1;
    const body = { till: 'T', receipt: `R-${receipts}`, lines: [{ sku: 'TEA', quantity: 1 }] };
    return requestJson(`${url()}/v1/sales`, { body });
  };
  const sellUntilFull = async () => {
    for (let sales = 0; sales < 2_000; sales += 1) {
      const answer = await sell();
      if (answer.status !== 201) return answer;
    }
    throw new Error('the disk did not fill');
  };

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'edgestock-full-disk-'));
    edge = await startCommandUnder(
      ['unshare', '-m', 'sh', '-c', MOUNT_AND_RUN, directory],
      'edge',
      ...['--warehouse', 'BER1', '--data-dir', join(directory, 'node'), '--port', '0', '--nats', 'nats://127.0.0.1:1'],
      '--json',
    );
    writeFileSync(inside('ballast'), new Uint8Array(FREED_BYTES));
  });
  afterAll(async () => {
    await edge?.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });

  test('refuses sales with 507 and one line in its log, and answers reads', async () => {
    expect(await sellUntilFull()).toMatchObject({ status: 507, body: { code: 'insufficient-storage' } });
    for (let more = 0; more < 20; more += 1) expect((await sell()).status).toBe(507);
    expect((await get('/v1/stock/TEA')).status).toBe(200);
    expect((await get('/readyz')).body).toMatchObject({
      status: 'ready',
      writesFailing: { reason: expect.stringContaining('SQLITE_FULL') },
    });
    expect(linesOf('writes are failing')).toHaveLength(1);
    expect(edge.said.filter((line) => /"level":50/.test(line))).toHaveLength(1);
  });

  test('resumes by itself when a little space is freed, because its write-ahead log gives back what it held', async () => {
    const held = statSync(inside('node/edge.sqlite-wal')).size;
    expect(held).toBeGreaterThan(DISK_BYTES / 2);
    rmSync(inside('ballast'));
    // Making room is tried once a second at most.
    await expect.poll(async () => (await sell()).status, { timeout: 5_000, interval: 300 }).toBe(201);
    for (let more = 0; more < SALES_AFTER; more += 1) expect((await sell()).status).toBe(201);
    expect((await get('/v1/status')).body).not.toHaveProperty('writesFailing');
    expect(linesOf('writes work again')).toMatchObject([expect.stringMatching(/"refused":2\d/)]);
  });

  test('stops in order while its disk is full, and its books agree', async () => {
    expect((await sellUntilFull()).status).toBe(507);
    const copy = mkdtempSync(join(tmpdir(), 'edgestock-full-disk-copy-'));
    const { sequence } = (await get('/v1/status')).body as { sequence: number };
    for (const name of ['edge.sqlite', 'edge.sqlite-wal']) {
      writeFileSync(join(copy, name), readFileSync(inside(`node/${name}`)));
    }
    expect(await edge.kill('SIGTERM')).toBe(0);
    const verified = await runCommand('verify', '--data-dir', copy);
    rmSync(copy, { recursive: true });
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining(`${sequence} movements`) });
  });
});
