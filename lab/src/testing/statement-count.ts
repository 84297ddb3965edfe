import Database from 'better-sqlite3';

const METHODS = ['run', 'get', 'all', 'iterate'] as const;

/**
 * How many statements `work` has SQLite carry out in this process, `BEGIN` and `COMMIT` included. It is the same on every machine,
 * however busy, so it can be held to a bound where a time cannot.
 */
export async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const database = new Database(':memory:');
  const prototype = Object.getPrototypeOf(database.prepare('SELECT 1')) as Record<string, unknown>;
  database.close();
  const own = METHODS.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name)] as const);
  let statements = 0;
  for (const [name, descriptor] of own) {
    const method: unknown = descriptor?.value;
    if (typeof method !== 'function') throw new Error(`the driver has no ${name}`);
    prototype[name] = function counted(this: unknown, ...args: readonly unknown[]) {
      statements += 1;
      return Reflect.apply(method, this, args) as unknown;
    };
  }
  try {
    await work();
  } finally {
    for (const [name, descriptor] of own)
      if (descriptor !== undefined) Object.defineProperty(prototype, name, descriptor);
  }
  return statements;
}
