import { type RunnerTestFile, type RunnerTestSuite, TestRunner } from 'vitest';

/** Collects the tests of a file and skips every one, hooks included: they would start the server that is missing. */
export default class SkippingRunner extends TestRunner {
  onCollected(files: RunnerTestFile[]): void {
    for (const file of files) skip(file);
  }
}

function skip(suite: RunnerTestSuite): void {
  suite.mode = 'skip';
  for (const task of suite.tasks) {
    if (task.type === 'suite') skip(task);
    else task.mode = 'skip';
  }
}
