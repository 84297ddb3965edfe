import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningCommand, startCommand } from '../testing/running-command.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/http.md'), 'utf8');
const run = promisify(execFile);
/** Of the stream of events, which has no end. */
const CALL_SECONDS_MAX = 5;

let folder: string;
let up: RunningCommand;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edgestock-page-'));
  const ports = ['--port-base', '0', '--central-port', '0', '--nats-port', '0'];
  up = await startCommand('up', '--warehouses', 'BER1,HAM1', '--data-dir', folder, ...ports, '--json');
});
afterAll(async () => {
  await up.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

/** The page's examples as one script that tells of each by the heading it is under. */
function script(): string {
  const { central, nodes } = up.ready as { central: string; nodes: readonly { warehouse: string; url: string }[] };
  const node = nodes.find(({ warehouse }) => warehouse === 'BER1')?.url ?? '';
  const blocks = page.matchAll(/^##+ (?<heading>.+)$|^```\n(?<code>[\s\S]*?)^```$/gm);
  const parts = Array.from(blocks, ({ groups = {} }) => groups.code ?? `HEADING='${groups.heading}'`);
  const told = `curl() { command curl --max-time ${CALL_SECONDS_MAX} -w "\\n%{stderr}%{http_code} $HEADING\\n" "$@"; }`;
  return [told, ...parts].join('\n').replaceAll('localhost:7100', node).replaceAll('localhost:7000', central);
}

test('every example of the page of the HTTP API runs as it is written, from its top to its end', {
  timeout: 120_000,
}, async () => {
  const { stderr } = await run('bash', ['-c', script()], { maxBuffer: 64 * 1_048_576 });
  const answers = stderr.split('\n').filter((line) => /^\d{3} \S/.test(line));
  const calls = answers.filter((line) => !line.endsWith('Before the examples'));
  expect(calls).toHaveLength(page.match(/^### /gm)?.length ?? 0);
  // What is waited for is not there at first.
  const failed = answers.filter((line) => !line.startsWith('2') && line !== '404 Before the examples');
  expect(failed).toEqual([
    '404 POST /v1/unknown-tasks/:warehouse/:task/release',
    '404 GET /v1/quarantine/:id',
    '404 POST /v1/quarantine/:id/apply',
    '404 POST /v1/quarantine/:id/dismiss',
  ]);
});
