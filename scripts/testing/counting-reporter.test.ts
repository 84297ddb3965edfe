import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT } from './steps.ts';
import { natsServer } from './suites.ts';

test('a run without the server that its tests need says how many it skipped, and why', () => {
  const args = ['run', '--reporter=./scripts/testing/counting-reporter.ts', 'lab/src/e2e/up.e2e.test.ts'];
  const env = { ...process.env, [natsServer.variable]: '' };
  const { stdout, status } = spawnSync('vitest', args, { cwd: ROOT, env, encoding: 'utf8' });
  expect(stdout).toMatch(/^skipped [1-9]\d*: nats-server was not found$/m);
  expect(status).toBe(0);
});
