import { defineConfig } from 'vitest/config';

const packages = '{shared,edge-node,central,lab,scripts}';
const endToEnd = `${packages}/**/*.e2e.test.ts`;

// Tests are found by pattern only. End-to-end tests start real processes, hence their patience.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          include: [`${packages}/**/*.test.ts`],
          exclude: ['**/node_modules/**', endToEnd],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          environment: 'node',
          include: [endToEnd],
          exclude: ['**/node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
