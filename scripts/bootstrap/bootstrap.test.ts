import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { locked } from './lock.mjs';
import { isAtLeast, NODE_OLDEST, ROOT } from './pins.mjs';
import { cleanEnvironment, must, SetupError } from './run.mjs';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgestock-bootstrap-'));
  lock = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['v22.18.0', true],
  ['v22.17.9', false],
  ['v24.0.0', true],
  ['20.20.2', false],
  ['v22.18.1-nightly', true],
])('Node %s is new enough: %s', (version, expected) => {
  expect(isAtLeast(version, NODE_OLDEST)).toBe(expected);
});

test.each(['shared', 'edge-node', 'central', 'lab'])('%s asks for the Node that can run it', (name) => {
  expect(enginesOf(name)).toBe(`>=${NODE_OLDEST.replace(/\.0$/, '')}`);
});

test('the checkout itself asks only for what the bootstrap can run on: it brings the Node that the packages need', () => {
  // Otherwise npm warns of the very platform that the README names, before the set-up has had its turn.
  expect(enginesOf('.')).toBe('>=18');
  expect(readFileSync(join(ROOT, 'scripts', 'bootstrap.mjs'), 'utf8')).toContain('any Node from 18 on');
});

test("npm's own settings stay out of the environment", () => {
  process.env.npm_config_nodedir = '/usr';
  try {
    expect(Object.keys(cleanEnvironment()).filter((name) => /^npm_/i.test(name))).toEqual([]);
  } finally {
    delete process.env.npm_config_nodedir;
  }
});

test('a step that fails says which, how, and what it had to say', () => {
  expect(() => must('node', ['-e', 'console.error("no space left"); process.exit(3)'])).toThrow(SetupError);
  expect(() => must('node', ['-e', 'console.error("no space left"); process.exit(3)'])).toThrow(
    /^node -e failed: exit code 3\nno space left$/,
  );
});

describe('the lock', () => {
  test('lets one process in at a time', async () => {
    const log = join(folder, 'log');
    // Each notes that it came and went, with a pause that gives the others every chance to get in between.
    const script = `
      import { appendFileSync } from 'node:fs';
      import { locked } from ${JSON.stringify(join(import.meta.dirname, 'lock.mjs'))};
      locked(() => {
        appendFileSync(${JSON.stringify(log)}, 'in ');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        appendFileSync(${JSON.stringify(log)}, 'out ');
      }, ${JSON.stringify(lock)});`;
    const codes = await Promise.all([1, 2, 3].map(() => exitOf('node', ['--input-type=module', '-e', script])));
    expect(codes).toEqual([0, 0, 0]);
    expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(3));
  });

  test('is taken over from an owner that has died', () => {
    const { pid } = spawnSync('node', ['-e', '']);
    writeFileSync(lock, String(pid));
    expect(locked(() => readFileSync(lock, 'utf8'), lock)).toBe(String(process.pid));
  });

  test('is taken over when its owner died before writing its name', () => {
    writeFileSync(lock, '');
    utimesSync(lock, 0, 0);
    expect(locked(() => 'done', lock)).toBe('done');
  });

  test('is given back, also by work that fails', () => {
    const failure = () => {
      throw new Error('no space left');
    };
    expect(() => locked(failure, lock)).toThrow('no space left');
    expect(existsSync(lock)).toBe(false);
  });
});

describe('the command after the set-up', () => {
  const bootstrap = join(ROOT, 'scripts', 'bootstrap.mjs');

  test('gets its arguments, runs in the root, and its exit code is kept', () => {
    const script = 'console.log(process.cwd(), ...process.argv.slice(1)); process.exit(7)';
    const { status, stdout } = spawnSync('node', [bootstrap, '--', 'node', '-e', script, '--', 'a b', '--json'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout).toBe(`${ROOT} a b --json\n`);
    expect(status).toBe(7);
  });

  test('gets the signals, and may finish in its own way', async () => {
    const script = `process.on('SIGTERM', () => process.exit(9)); console.log('ready'); setInterval(() => {}, 1000);`;
    const child = spawn('node', [bootstrap, '--', 'node', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => child.kill('SIGTERM'));
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(9);
  });

  test('that cannot be found is reported as the shell would', () => {
    expect(spawnSync('node', [bootstrap, '--', 'no-such-command']).status).toBe(127);
  });
});

function enginesOf(packageName: string): string {
  const text = readFileSync(join(ROOT, packageName, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly engines: { readonly node: string } }).engines.node;
}

function exitOf(command: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => spawn(command, args, { stdio: 'ignore' }).once('exit', resolve));
}
