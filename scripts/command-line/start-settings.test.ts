import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { startSettings } from './start-settings.ts';

const PROGRAM = join(import.meta.dirname, '..', 'edgestock.ts');
const COMPILE_CACHE = '/compile-cache';
const settings = (
  words: readonly string[],
  given: { readonly execArgv?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {},
) => startSettings(words, { execArgv: [], environment: {}, compileCache: COMPILE_CACHE, ...given });

const node = {
  flags: ['--max-semi-space-size=4', '--expose-gc'],
  environment: { NODE_COMPILE_CACHE: COMPILE_CACHE },
};
const central = { flags: ['--max-semi-space-size=16'], environment: { NODE_COMPILE_CACHE: COMPILE_CACHE } };
const nothing = { flags: [], environment: {} };

it('bounds the memory of what runs for months, and of nothing else', () => {
  expect(settings(['edge', '--port', '0'])).toEqual(node);
  expect(settings(['edge'])).toEqual(node);
  expect(settings(['central', '--port', '0'])).toEqual(central);
  expect(settings(['edge', 'backup', '--to', 'FILE'])).toEqual(nothing);
  expect(settings(['verify'])).toEqual(nothing);
  expect(settings([])).toEqual(nothing);
});

it('leaves it to an operator who has chosen', () => {
  const chosen = '--max-semi-space-size=32';
  const flags = ['--expose-gc'];
  expect(settings(['edge'], { execArgv: [chosen] }).flags).toEqual(flags);
  expect(settings(['edge'], { environment: { NODE_OPTIONS: `--trace-warnings ${chosen}` } }).flags).toEqual(flags);
  expect(settings(['edge'], { execArgv: ['--max_semi_space_size=32'] }).flags).toEqual(flags);
  expect(settings(['edge'], { environment: { NODE_COMPILE_CACHE: '/mine' } }).environment).toEqual({});
});

it('asks for nothing once it has been given', () => {
  const { flags: execArgv, environment } = node;
  expect(settings(['edge'], { execArgv, environment })).toEqual(nothing);
});

it.runIf(process.platform === 'linux')(
  'a node runs with it, in the process that was started, and has given back what starting took',
  async () => {
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
      const { url } = JSON.parse(line);
      const words = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0');
      expect(words.slice(1, 5)).toEqual([...node.flags, PROGRAM, 'edge']);
      const environment = readFileSync(`/proc/${child.pid}/environ`, 'utf8').split('\0');
      expect(environment.filter((line) => line.startsWith('NODE_COMPILE_CACHE='))).toHaveLength(1);
      // Of memory of its own, a node that gives back what starting took has 41 to 46 MiB, one that does not 98 to 104.
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      expect(Number(kib) / 1024).toBeLessThan(75);
    } finally {
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([0, null]);
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
