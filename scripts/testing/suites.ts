/** A server that some tests need. The environment variable says where it is; the runner of the tests finds it. */
export interface Server {
  readonly name: string;
  readonly variable: string;
}

/** Tests are told apart by the suffix of their file alone. */
export interface Suite {
  readonly name: string;
  readonly suffix: string;
  readonly needs: readonly Server[];
  readonly timeoutMs: number;
  /** Its files share processes, and what they have imported: for those that leave nothing behind. */
  readonly isShared?: boolean;
  readonly group: Group;
}

/** Suites that run side by side. Groups run one after the other, in the order of their places. */
export interface Group {
  readonly place: number;
  /** Files at a time. */
  readonly workers: number;
}

/** Tests of processes wait for each other half of the time, so two cores take a third one. */
const waiting: Group = { place: 0, workers: 3 };
const computing: Group = { place: 1, workers: 2 };

export const natsServer: Server = { name: 'nats-server', variable: 'EDGESTOCK_NATS_SERVER' };
export const redisServer: Server = { name: 'redis-server', variable: 'EDGESTOCK_REDIS_SERVER' };
export const postgres: Server = { name: 'PostgreSQL', variable: 'EDGESTOCK_POSTGRES_BIN' };

/** The suffix of every test. The suites below with a longer one of their own take their files out of `unit`. */
const TEST_SUFFIX = '.test.ts';

export const suites: readonly Suite[] = [
  { name: 'unit', suffix: TEST_SUFFIX, needs: [], timeoutMs: 20_000, isShared: true, group: computing },
  // Whole lives of nodes and central in threads, with a clock and disks of their own.
  { name: 'simulation', suffix: '.simulation.test.ts', needs: [], timeoutMs: 180_000, group: computing },
  { name: 'nats', suffix: '.nats.test.ts', needs: [natsServer], timeoutMs: 60_000, group: waiting },
  { name: 'postgres', suffix: '.pg.test.ts', needs: [postgres], timeoutMs: 60_000, group: waiting },
  { name: 'redis', suffix: '.redis.test.ts', needs: [redisServer], timeoutMs: 60_000, group: waiting },
  // Real processes, which replicate through a real server.
  { name: 'e2e', suffix: '.e2e.test.ts', needs: [natsServer], timeoutMs: 120_000, group: waiting },
  {
    name: 'e2e on postgres',
    suffix: '.pg.e2e.test.ts',
    needs: [natsServer, postgres],
    timeoutMs: 120_000,
    group: waiting,
  },
];

/** What a suite needs and nobody has found. Its tests are left out, and counted. */
export function missingOf(suite: Suite): readonly Server[] {
  return suite.needs.filter(({ variable }) => !process.env[variable]);
}

const FOLDERS = '{shared,edge-node,central,lab,scripts}';

export function patternOf(suite: Suite): string {
  return `${FOLDERS}/**/*${suite.suffix}`;
}

/** What the pattern of a suite catches, but another suite claims. */
export function patternsClaimedFrom(suite: Suite): readonly string[] {
  return suites.filter((other) => other !== suite && other.suffix.endsWith(suite.suffix)).map(patternOf);
}
