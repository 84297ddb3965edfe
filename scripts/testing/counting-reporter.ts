import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { COUNTS_FILE_VARIABLE, type Counts } from './counts.ts';
import { type SkippedTest, skipLines } from './skip-reasons.ts';

/**
 * Counts the tests of a run, and says why some were skipped: the default reporter prints neither their names nor those of their
 * suites. Whatever breaks outside a test (an import, a hook, a stray rejection) counts as failed.
 */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly unknown[]): void {
    const path = process.env[COUNTS_FILE_VARIABLE];
    if (path) writeFileSync(path, JSON.stringify(countsOf(modules, strayErrors.length)));
    for (const line of skipLines(skippedOf(modules))) console.log(line);
  }
}

function skippedOf(modules: readonly TestModule[]): readonly SkippedTest[] {
  return modules.flatMap((module) =>
    [...module.children.allTests()]
      .filter((test) => !isRun(test))
      .map(({ fullName }) => ({ fullName, project: module.project.name })),
  );
}

/** Tests of a file that the skipping runner left out are still pending, not skipped. */
function isRun(test: TestCase): boolean {
  const { state } = test.result();
  return state === 'passed' || state === 'failed';
}

function countsOf(modules: readonly TestModule[], strayErrors: number): Counts {
  const counts = { passed: 0, failed: strayErrors, skipped: 0 };
  for (const module of modules) {
    counts.failed += brokenSuites(module);
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed' || state === 'failed') counts[state] += 1;
      else counts.skipped += 1;
    }
  }
  return counts;
}

/** A suite with errors of its own: its tests did not run and count as skipped, so the reason has to count as failed. */
function brokenSuites(module: TestModule): number {
  const suites = [...module.children.allSuites()];
  return [module, ...suites].filter((suite) => suite.errors().length > 0).length;
}
