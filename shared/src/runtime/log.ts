import { pino } from 'pino';

/** One line per decision an operator could act on: an event name, the facts, and a hint where one helps. */
export type Log = {
  debug(facts: object, event: string): void;
  info(facts: object, event: string): void;
  warn(facts: object, event: string): void;
  error(facts: object, event: string): void;
  child(facts: object): Log;
};

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** JSON lines on stderr: stdout belongs to the answers of commands. */
export function createLog(options: { level: LogLevel; name: string }): Log {
  return pino(
    {
      ...{ level: options.level, name: options.name, timestamp: pino.stdTimeFunctions.isoTime },
      // Without it an error is written as its own fields, which its message is not one of.
      serializers: { error: pino.stdSerializers.err },
    },
    pino.destination(2),
  );
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
