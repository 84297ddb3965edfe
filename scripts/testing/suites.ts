/** A server that some tests need. The environment variable says where it is; the runner of the tests finds it. */
export interface Server {
  readonly name: string;
  readonly variable: string;
}

/** Tests are told apart by the suffix of their file alone. */
export interface Suite {
  readonly name: string;
  readonly suffix: string;
  readonly needs?: Server;
  readonly timeoutMs: number;
}

export const natsServer: Server = { name: 'nats-server', variable: 'EDGESTOCK_NATS_SERVER' };
export const postgres: Server = { name: 'PostgreSQL', variable: 'EDGESTOCK_POSTGRES_BIN' };

/** The suffix of every test. The suites below with a longer one of their own take their files out of `unit`. */
const TEST_SUFFIX = '.test.ts';

export const suites: readonly Suite[] = [
  { name: 'unit', suffix: TEST_SUFFIX, timeoutMs: 20_000 },
  { name: 'nats', suffix: '.nats.test.ts', needs: natsServer, timeoutMs: 20_000 },
  { name: 'postgres', suffix: '.pg.test.ts', needs: postgres, timeoutMs: 20_000 },
  // Real processes, which replicate through a real server.
  { name: 'e2e', suffix: '.e2e.test.ts', needs: natsServer, timeoutMs: 120_000 },
];

const FOLDERS = '{shared,edge-node,central,lab,scripts}';

export function patternOf(suite: Suite): string {
  return `${FOLDERS}/**/*${suite.suffix}`;
}

/** What the pattern of a suite catches, but another suite claims. */
export function patternsClaimedFrom(suite: Suite): readonly string[] {
  return suites.filter((other) => other !== suite && other.suffix.endsWith(suite.suffix)).map(patternOf);
}
