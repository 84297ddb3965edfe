import { SteadyDatabase } from '@edgestock/shared/sqlite/steady-database';

const prepareAtOnce = SteadyDatabase.prototype.prepare;

/**
 * From here on, in this thread, the statements of stores are compiled when they are first used. A process prepares all that it
 * may ever need when it opens its books, a central some 400 statements. A simulated one lives for seconds and uses a third of
 * them, and there are twenty such processes in a life: that was a quarter of all the time. What a statement does is the same.
 */
export function compileStatementsLazily(): void {
  SteadyDatabase.prototype.prepare = function prepare(this: SteadyDatabase, sql: string) {
    return lazy(() => prepareAtOnce.call(this, sql));
  } as typeof prepareAtOnce;
}

/** Stands for what is made when something of it is wanted. */
function lazy<T extends object>(make: () => T): T {
  let made: T | undefined;
  return new Proxy({} as T, {
    get(_, name) {
      made ??= make();
      const value: unknown = Reflect.get(made, name, made);
      return typeof value === 'function' ? value.bind(made) : value;
    },
  });
}
