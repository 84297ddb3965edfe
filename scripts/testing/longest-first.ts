import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take many times as long as most, the longest first. */
export const LONG_FILES = [
  'lab/src/faults/faults.e2e.test.ts',
  'central/src/store/postgres/central-store.pg.test.ts',
  'lab/src/bench/bench.e2e.test.ts',
  'central/src/writer/writer.nats.test.ts',
  'lab/src/e2e/demo-once.e2e.test.ts',
  'central/src/writer/promises.nats.test.ts',
  'lab/src/e2e/central-roles.pg.e2e.test.ts',
] as const;

/**
 * A group of suites is over when the last of its files is. A checkout that has never run its tests knows nothing of their times and
 * goes by the size of files, which left the longest of them to one worker at the end: two minutes in which the others idled.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || placeOf(a) - placeOf(b));
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder;
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG_FILES.findIndex((file) => moduleId.endsWith(`/${file}`));
  return place === -1 ? LONG_FILES.length : place;
}
