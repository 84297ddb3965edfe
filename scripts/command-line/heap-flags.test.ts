import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { heapFlags } from './heap-flags.ts';

const PROGRAM = join(import.meta.dirname, '..', 'edgestock.ts');
const nothing = { execArgv: [], nodeOptions: '' };

it('bounds the young generation of what runs for months, and of nothing else', () => {
  expect(heapFlags(['edge', '--port', '0'], nothing)).toEqual(['--max-semi-space-size=8']);
  expect(heapFlags(['edge'], nothing)).toEqual(['--max-semi-space-size=8']);
  expect(heapFlags(['central', '--port', '0'], nothing)).toEqual(['--max-semi-space-size=16']);
  expect(heapFlags(['edge', 'backup', '--to', 'FILE'], nothing)).toEqual([]);
  expect(heapFlags(['verify'], nothing)).toEqual([]);
  expect(heapFlags([], nothing)).toEqual([]);
});

it('leaves it to an operator who has chosen', () => {
  const chosen = '--max-semi-space-size=32';
  expect(heapFlags(['edge'], { ...nothing, execArgv: [chosen] })).toEqual([]);
  expect(heapFlags(['edge'], { ...nothing, nodeOptions: `--trace-warnings ${chosen}` })).toEqual([]);
  expect(heapFlags(['edge'], { ...nothing, execArgv: ['--max_semi_space_size=32'] })).toEqual([]);
});

it.runIf(process.platform === 'linux')('a node runs with it, in the process that was started', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'edgestock-heap-'));
  const flags = [
    '--warehouse',
    'BER1',
    '--data-dir',
    directory,
    '--port',
    '0',
    '--nats',
    'nats://127.0.0.1:9',
    '--json',
  ];
  const env = { ...process.env, EDGESTOCK_EDGE_LOG_LEVEL: 'silent' };
  const child = spawn(process.execPath, [PROGRAM, 'edge', ...flags], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    expect(JSON.parse(line)).toMatchObject({ url: expect.stringContaining('http') });
    const words = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
    expect(words.slice(1, 4)).toEqual(['--max-semi-space-size=8', PROGRAM, 'edge']);
  } finally {
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    rmSync(directory, { recursive: true, force: true });
  }
});
