import { runCommand } from 'citty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { command } from './command.ts';

let answered: string[];
beforeEach(() => {
  answered = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => answered.push(String(line)) > 0);
});
afterEach(() => vi.restoreAllMocks());

const run = (...rawArgs: readonly string[]) => runCommand(command, { rawArgs: [...rawArgs] });

test('names its cases with their rows, and which of them take minutes', async () => {
  await run('--list');
  expect(answered).toContain('2\tpower-cut-node\n');
  expect(answered).toContain('11\tdays-offline\t--long\n');
  answered = [];
  await run('--list', '--only', '26, kill-node');
  expect(answered).toEqual(['1\tkill-node\n', '25,26\tbroker-bit-rot\n', '26,31\tbroker-store-replaced\n']);
});

test('runs nothing for a row that has no case, and says where the reason is', async () => {
  const hint = expect.stringContaining('docs/faults.md');
  await expect(run('--only', '2,60')).rejects.toMatchObject({ message: 'There is no case for 60', exitCode: 2, hint });
});

test('leaves out what is about a file, where central keeps its data on a server, and says why', async () => {
  await run('--only', 'power-cut-central', '--store', 'postgres');
  expect(answered.join('')).toMatch(/power-cut-central *\| skipped .*power-cut-database is the same of a server/);
  await expect(run('--only', '2', '--store', 'mysql')).rejects.toMatchObject({ exitCode: 2 });
});

test('runs nothing with a broker that cannot be run', async () => {
  const wrong = run('--only', '2', '--nats-server', '/nowhere/nats-server');
  await expect(wrong).rejects.toMatchObject({ exitCode: 2, hint: expect.stringContaining('--nats-server') });
});
