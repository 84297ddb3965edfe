import { z } from 'zod';
import type { Setting } from './env.ts';
import { listOf } from './list-of.ts';
import type { LogLevel } from './log.ts';

/** Settings that a node and central both have; where a sentence differs, it is passed in. */

const PORT_MAX = 65_535;
const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const satisfies readonly LogLevel[];

export const hostSetting = {
  schema: z.string().default('127.0.0.1'),
  description: 'Address to listen on. Loopback unless told otherwise: there is no authentication in front of the API.',
  flag: '--host',
} satisfies Setting<string>;

export function portSetting(portDefault: number) {
  return {
    schema: z
      .string()
      .default(String(portDefault))
      .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= PORT_MAX, `not a port (0 to ${PORT_MAX})`)
      .transform(Number),
    description: 'Port of the HTTP API; 0 lets the system choose a free one.',
    flag: '--port',
  } satisfies Setting<number>;
}

/** `needNotBeUp` says in a sentence what works without a broker. */
export function brokersSetting(needNotBeUp: string) {
  return {
    schema: z
      .string()
      .default('nats://127.0.0.1:4222')
      .transform(listOf)
      .refine(
        (urls) => urls.length > 0 && urls.every((url) => /^(nats|tls):\/\/[^\s/]+$/.test(url)),
        'not a list of addresses like nats://host:4222',
      ),
    description: `The broker; several servers of one cluster separated by commas. ${needNotBeUp}`,
    flag: '--nats',
  } satisfies Setting<readonly string[]>;
}

export const logLevelSetting = {
  schema: z.enum(logLevels).default('info'),
  description: `Least severe log line to write: ${logLevels.join(', ')}.`,
} satisfies Setting<LogLevel>;
