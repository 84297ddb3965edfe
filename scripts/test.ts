// `npm test`: types, lint and every test that can run on this machine; arguments go on to vitest. Says first which
// servers it found and what their absence leaves out. The last line of the output is the summary, and nothing else.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COUNTS_FILE_VARIABLE, type Counts, plainLine, readCounts } from './testing/counts.ts';
import { type FoundServer, filesThatNeed, findServers } from './testing/servers.ts';
import { lint, ROOT, run, type StepResult, types } from './testing/steps.ts';
import { natsServer, postgres, redisServer, type Server } from './testing/suites.ts';

const isCi = Boolean(process.env.CI);
const servers = findServers();
const missing = [natsServer, postgres, redisServer].filter((server) => !announce(server, servers.get(server)));

const results = [await run(types), await run(lint)];
const { result, counts } = await runTests(process.argv.slice(2));
results.push(result);

console.log(`\n${results.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(', ')}`);
const summary = withFailuresOutsideTests(counts, [...results.filter((step) => !step.isPassed), ...missing]);
if (summary.failed > 0 || summary.passed === 0) process.exitCode = 1;
console.log(plainLine(summary));

/** Says what is there. False when a server is missing that this run must not be without. */
function announce(server: Server, found: FoundServer | undefined): boolean {
  const files = filesThatNeed(server, ROOT);
  const need = files.length === 0 ? 'no test needs it yet' : `test files that need it: ${files.length}`;
  if (found) {
    console.log(`${server.name} ${found.version}: ${found.place} (${need})`);
    return true;
  }
  console.log(`${server.name}: not found (${need})`);
  for (const file of files) console.log(`  skipped, ${server.name} not found: ${file}`);
  // The broker is the heart of the system, so CI insists on it even while no test asks for it.
  const isRequired = isCi && (server === natsServer || files.length > 0);
  if (isRequired) console.log(`  CI must have ${server.name}, so this run fails`);
  return !isRequired;
}

async function runTests(args: readonly string[]): Promise<{ result: StepResult; counts: Counts | undefined }> {
  const folder = mkdtempSync(join(tmpdir(), 'edgestock-test-'));
  const countsFile = join(folder, 'counts.json');
  const places = [...servers.values()].map(({ server, place }) => [server.variable, place] as const);
  try {
    const result = await run({
      name: 'tests',
      command: 'vitest',
      args: ['run', '--reporter=default', '--reporter=./scripts/testing/counting-reporter.ts', ...args],
      env: { ...Object.fromEntries(places), [COUNTS_FILE_VARIABLE]: countsFile },
    });
    return { result, counts: readCounts(countsFile) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A red run must not end in "0 failed": what failed besides the tests themselves counts one each. */
function withFailuresOutsideTests(found: Counts | undefined, failures: readonly { readonly name: string }[]): Counts {
  const counts = found ?? { passed: 0, failed: 0, skipped: 0 };
  const outside = failures.filter(({ name }) => name !== 'tests' || counts.failed === 0);
  for (const { name } of outside) console.log(`failed besides the tests: ${name}`);
  return { ...counts, failed: counts.failed + outside.length };
}
