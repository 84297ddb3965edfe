import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/testing/longest-first.ts';
import { missingOf, patternOf, patternsClaimedFrom, suites } from './scripts/testing/suites.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    projects: suites.map((suite) => ({
      test: {
        name: suite.name,
        environment: 'node' as const,
        isolate: suite.isShared !== true,
        maxWorkers: suite.group.workers,
        sequence: { groupOrder: suite.group.place },
        include: [patternOf(suite)],
        exclude: ['**/node_modules/**', ...patternsClaimedFrom(suite)],
        testTimeout: suite.timeoutMs,
        hookTimeout: suite.timeoutMs,
        // A suite whose server is missing is still collected, so that the summary counts what was left out.
        ...(missingOf(suite).length > 0 ? { runner: './scripts/testing/skipping-runner.ts' } : {}),
      },
    })),
  },
});
