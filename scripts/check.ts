// `npm run check`: what can be told without running the product. All of it runs even when the first part fails.
import { houseRules, lint, run, types } from './testing/steps.ts';

for (const step of [types, lint, houseRules]) {
  const { isPassed } = await run(step);
  if (!isPassed) process.exitCode = 1;
}
