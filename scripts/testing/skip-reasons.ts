import { missingOf, type Suite, suites } from './suites.ts';

/** A test that did not run: its name with the names of its suites, and the project of the test run that it is in. */
export type SkippedTest = { readonly fullName: string; readonly project: string };

/** How a suite says in its name why it is left out; the end of `skipReason` of whatever it needs. */
const REASON_IN_NAME = /\(left out: ([^)]+)\)/;
const NOT_ASKED_FOR = 'not asked for, or marked so in the code';

/** One line for each reason, the one with the most tests first. */
export function skipLines(tests: readonly SkippedTest[], projects: readonly Suite[] = suites): readonly string[] {
  const counts = new Map<string, number>();
  for (const test of tests) {
    const reason = reasonOf(test, projects);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([reason, count]) => `skipped ${count}: ${reason}`);
}

/** A reason of its own goes before the server that the whole project may lack: with the server there, it would still hold. */
function reasonOf({ fullName, project }: SkippedTest, projects: readonly Suite[]): string {
  const own = REASON_IN_NAME.exec(fullName)?.[1];
  if (own !== undefined) return own;
  const suite = projects.find(({ name }) => name === project);
  const missing = suite === undefined ? [] : missingOf(suite).map(({ name }) => name);
  return missing.length > 0
    ? `${missing.join(' and ')} ${missing.length === 1 ? 'was' : 'were'} not found`
    : NOT_ASKED_FOR;
}
