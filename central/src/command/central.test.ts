import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../../scripts/edgestock.ts');
/** Nothing listens there: central must do without a broker. */
const NO_BROKER = 'nats://127.0.0.1:1';

let directory: string;
const running: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-central-'));
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

function edgestockCentral(...flags: string[]) {
  const env = { ...process.env, EDGESTOCK_CENTRAL_LOG_LEVEL: 'silent' };
  const args = [program, 'central', '--data-dir', join(directory, 'data'), '--nats', NO_BROKER, ...flags];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  return child;
}

async function firstLine(child: ReturnType<typeof edgestockCentral>): Promise<string> {
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return line;
}

/** How it ended when it could not start. */
async function failure(child: ReturnType<typeof edgestockCentral>): Promise<{ code: number | null; told: string }> {
  const told = text(child.stderr);
  const [code] = await once(child, 'exit');
  return { code, told: await told };
}

/** Two processes a test, each of them in seconds where the machine is busy. */
describe('edgestock central', { timeout: 60_000 }, () => {
  test('says in one line where it is, serves without a broker and says so, and ends in order', async () => {
    const child = edgestockCentral('--port', '0', '--json');
    const told = JSON.parse(await firstLine(child));
    const { central } = told;
    expect(told).toMatchObject({ isReady: true, waitsFor: 'broker', reason: expect.stringContaining(NO_BROKER) });
    const status = await (await fetch(`${central}/v1/status`)).json();
    expect(status).toMatchObject({ role: 'central', ingest: { isUp: false, state: 'waiting-for-broker' } });
    expect((await fetch(`${central}/v1/availability/A`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('says in words whether it is ready, and what it waits for', async () => {
    const ready = edgestockCentral('--port', '0');
    expect(await firstLine(ready)).toMatch(
      /^central is ready: http:\/\/127\.0\.0\.1:\d+\/v1\/status; without the broker, .*nats:/,
    );
    const waiting = edgestockCentral('--port', '0', '--store', 'postgres://edgestock@127.0.0.1:1/edgestock');
    expect(await firstLine(waiting)).toMatch(
      /^central waits for its store, .*: http:\/\/127\.0\.0\.1:\d+\/v1\/status \(.*ECONNREFUSED/,
    );
  });

  test('tells a port in use, with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const { code, told } = await failure(edgestockCentral('--port', String(port)));
    other.close();
    expect(code).toBe(1);
    expect(told).toContain(`cannot listen on 127.0.0.1:${port}: the port is in use`);
    expect(told).toContain('--port');
    expect(told).not.toContain('    at ');
  });

  test('tells a data directory that another central owns', async () => {
    const first = edgestockCentral('--port', '0', '--json');
    await firstLine(first);
    const { code, told } = await failure(edgestockCentral('--port', '0'));
    expect(code).toBe(1);
    expect(told).toContain('--data-dir');
    expect(told).not.toContain('    at ');
  });

  test('tells a data directory that cannot be made, and every wrong flag at once', async () => {
    writeFileSync(join(directory, 'data'), 'a file in the way');
    const unmade = await failure(edgestockCentral('--port', '0'));
    expect(unmade.code).toBe(1);
    expect(unmade.told).toContain('cannot be made');
    const wrong = await failure(edgestockCentral('--port', 'x', '--nats', 'y'));
    expect(wrong.code).toBe(1);
    expect(wrong.told).toContain('--port x: not a port');
    expect(wrong.told).toContain('--nats y: not a list');
  });
});

/** A test starts up to seven processes, each of them in seconds where the machine is busy. */
describe('edgestock central backup and restore', { timeout: 120_000 }, () => {
  const data = () => join(directory, 'data');
  const backup = () => join(directory, 'backup.db');
  async function edgestock(...args: string[]): Promise<{ code: number | null; out: string; told: string }> {
    const child = spawn(process.execPath, [program, 'central', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    const [out, told] = [text(child.stdout), text(child.stderr)];
    const [code] = await once(child, 'close');
    return { code, out: await out, told: await told };
  }
  const take = (...flags: string[]) => edgestock('backup', '--data-dir', data(), '--to', backup(), ...flags);
  const restore = (...flags: string[]) => edgestock('restore', '--from', backup(), '--data-dir', data(), ...flags);

  test('copy the store of a central that runs, and put it in its place with another epoch, once it does not', async () => {
    const child = edgestockCentral('--port', '0', '--json');
    await firstLine(child);
    const written = await take('--json');
    expect(written, written.told).toMatchObject({ code: 0 });
    expect(JSON.parse(written.out)).toMatchObject({ path: backup(), centralEpoch: 1, warehouses: [], ordersOpen: 0 });
    expect(await take()).toMatchObject({ code: 1, told: expect.stringContaining('exists already') });
    expect(await restore('--replace')).toMatchObject({ code: 2, told: expect.stringContaining('Stop it first') });
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(await restore()).toMatchObject({ code: 1, told: expect.stringContaining('--replace') });
    const restored = await restore('--replace', '--json');
    expect(restored, restored.told).toMatchObject({ code: 0 });
    const { newEpoch, kept } = JSON.parse(restored.out);
    expect(kept).toContain('central.db.replaced-');

    const again = edgestockCentral('--port', '0', '--json');
    const { central } = JSON.parse(await firstLine(again));
    const status = await (await fetch(`${central}/v1/status`)).json();
    expect(status).toMatchObject({
      centralEpoch: newEpoch,
      epochBegan: { reason: expect.stringContaining('restored') },
    });
  });

  test('begin another epoch also where a backup was put in place by hand', async () => {
    const child = edgestockCentral('--port', '0', '--json');
    await firstLine(child);
    await take();
    child.kill('SIGTERM');
    await once(child, 'exit');
    copyFileSync(backup(), join(data(), 'central.db'));
    const again = edgestockCentral('--port', '0', '--json');
    const { central } = JSON.parse(await firstLine(again));
    const status = await (await fetch(`${central}/v1/status`)).json();
    expect(status).toMatchObject({ epochBegan: { reason: expect.stringContaining('is a backup of') } });
    expect(status).not.toMatchObject({ centralEpoch: 1 });
  });

  test('refuse what is no store of central, and tell so', async () => {
    writeFileSync(backup(), 'no database');
    expect(await restore()).toMatchObject({ code: 1, told: expect.stringContaining('no database') });
    expect(await take()).toMatchObject({ code: 1, told: expect.stringContaining('there is no database') });
  });
});
