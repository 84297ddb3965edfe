import { brokersSetting, hostSetting, logLevelSetting, portSetting } from '@edgestock/shared/runtime/common-settings';
import { asTyped, ConfigError, readSettings, type SettingTable } from '@edgestock/shared/runtime/env';
import { listOf } from '@edgestock/shared/runtime/list-of';
import type { LogLevel } from '@edgestock/shared/runtime/log';
import { z } from 'zod';
import { type Role, roles } from './rules/role.ts';

/** What central needs to know to start. Plain data: tests and `edgestock up` make it without any environment. */
export type CentralConfig = {
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  readonly dataDirectory: string;
  /** Of a PostgreSQL database; absent = a file of SQLite in the data directory. */
  readonly storeUrl?: string;
  /** Of a Redis in which processes keep for one another what they have read; absent = none. */
  readonly redisUrl?: string;
  readonly roles: readonly Role[];
  readonly natsUrls: readonly string[];
  /** Id of a store that is lost, and whose broker this one takes over; absent = of none. */
  readonly insteadOf?: string;
  readonly logLevel: LogLevel;
  /** Browser origins that may read the API; none = CORS stays off. */
  readonly corsOrigins: readonly string[];
};

const SQLITE = 'sqlite';
const ALL_ROLES = 'all';

const NO_ADDRESS =
  'not sqlite, and not the address of a database like postgres://user:password@host:5432/edgestock, where %25 stands for a % of the password';
/** As the place of a store is written for `edgestock central move`. */
const NAMES_A_FILE =
  'the directory of a file is named by --data-dir DIR (EDGESTOCK_CENTRAL_DATA_DIR), with no store or just sqlite here';

/** Of a database on a PostgreSQL server. */
export function isDatabaseAddress(text: string): boolean {
  const [, authority] = /^postgres(?:ql)?:\/\/([^\s/?]+)\/[^\s/?]+(?:\?\S*)?$/.exec(text) ?? [];
  if (authority === undefined) return false;
  // Several servers are a list, which a URL has no place for: each for itself.
  const at = authority.lastIndexOf('@') + 1;
  const servers = authority.slice(at).split(',');
  return servers.every((server) => isReadable(`postgres://${authority.slice(0, at)}${server}/`));
}

/** The driver takes names and passwords as a URL has them, and throws at a "%" that stands for itself. */
function isReadable(address: string): boolean {
  if (!URL.canParse(address)) return false;
  try {
    decodeURIComponent(address);
    return true;
  } catch {
    return false;
  }
}

/** A server's, and perhaps the number of a database on it. */
export function isRedisAddress(text: string): boolean {
  return /^rediss?:\/\/[^\s/?#]+(?:\/\d*)?$/.test(text) && isReadable(text);
}

/** Every setting of central, with its default and its sentence. `deploy/env/central.example.env` shows the same ones. */
export const centralSettings = {
  EDGESTOCK_CENTRAL_HOST: hostSetting,
  EDGESTOCK_CENTRAL_PORT: portSetting(7_000),
  EDGESTOCK_CENTRAL_DATA_DIR: {
    schema: z.string().default('data/central'),
    description:
      'Directory of the store, where that is a file. Made if absent; one process owns it at a time. Put it on a durable local disk.',
    flag: '--data-dir',
  },
  EDGESTOCK_CENTRAL_STORE: {
    schema: z
      .string()
      .default(SQLITE)
      .refine((text) => text === SQLITE || isDatabaseAddress(text), {
        error: ({ input }) => (String(input).startsWith(`${SQLITE}:`) ? NAMES_A_FILE : NO_ADDRESS),
      }),
    description:
      'sqlite: a file in the data directory. Or the address of a PostgreSQL database (15 or later), which several machines can share.',
    isSecret: true,
    flag: '--store',
  },
  EDGESTOCK_CENTRAL_REDIS: {
    schema: z
      .string()
      .default('')
      .refine(
        (text) => text === '' || isRedisAddress(text),
        'not the address of a Redis like redis://user:password@host:6379/0, or rediss:// for TLS',
      ),
    description:
      'A Redis in which API processes on one PostgreSQL database keep for one another what they have read. It may be away or empty at any moment. Empty: none.',
    isSecret: true,
    flag: '--redis',
  },
  EDGESTOCK_CENTRAL_ROLES: {
    schema: z
      .string()
      .default(ALL_ROLES)
      .transform((text) => (text === ALL_ROLES ? [...roles] : [...new Set(listOf(text))]))
      .refine(
        (list): list is Role[] => list.length > 0 && list.every(isRole),
        `not all, and not a list of ${roles.join(', ')}`,
      ),
    description:
      'What this process does: all, or a list of ingest (takes in what nodes send; several share the nodes), api (answers shops and operators; any number) and orders (deadlines, and what goes down to the nodes; one). Less than all needs a store that processes can share.',
    flag: '--roles',
  },
  EDGESTOCK_CENTRAL_NATS_URL: brokersSetting('Need not be up when central starts.'),
  EDGESTOCK_CENTRAL_INSTEAD_OF: {
    schema: z
      .string()
      .default('')
      .refine(
        (text) => /^[0-9a-z]*$/.test(text),
        'not the id of a store, as a central names it that its broker is not for',
      ),
    description:
      'Id of a store that is lost for good, in whose place this one comes: its broker is taken over. Empty: a broker that carries the messages of another store ends central.',
    flag: '--instead-of',
  },
  EDGESTOCK_CENTRAL_LOG_LEVEL: logLevelSetting,
  EDGESTOCK_CENTRAL_CORS_ORIGINS: {
    schema: z
      .string()
      .default('')
      .transform(listOf)
      .refine((origins) => origins.every(isOrigin), 'not a list of origins like https://shop.example, or *'),
    description: 'Browser origins that may read the API, separated by commas. Empty: CORS stays off.',
  },
} as const satisfies SettingTable;

/** The settings, by which name an override may come from a command's flags. */
export type CentralEnvironment = { readonly [Name in keyof typeof centralSettings]?: string | undefined };

/** Reads the configuration; what a flag says goes before the environment. Throws one `ConfigError` with every problem. */
export function readCentralConfig(
  flags: CentralEnvironment = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CentralConfig {
  const given = { environment, flags };
  const settings = readSettings(centralSettings, given);
  const store = settings.EDGESTOCK_CENTRAL_STORE;
  const isPart = roles.some((role) => !settings.EDGESTOCK_CENTRAL_ROLES.includes(role));
  if (isPart && store === SQLITE) {
    throw new ConfigError([
      `${asTyped(centralSettings, 'EDGESTOCK_CENTRAL_ROLES', given)}: a file of SQLite is one process's own, which does all of it. Leave the roles out, or name a PostgreSQL database: --store, or EDGESTOCK_CENTRAL_STORE.`,
    ]);
  }
  const redis = settings.EDGESTOCK_CENTRAL_REDIS;
  if (redis !== '' && store === SQLITE) {
    throw new ConfigError([
      `${asTyped(centralSettings, 'EDGESTOCK_CENTRAL_REDIS', given)}: a file of SQLite is read faster than a Redis, and by one process. Leave it out, or name a PostgreSQL database: --store, or EDGESTOCK_CENTRAL_STORE.`,
    ]);
  }
  return {
    host: settings.EDGESTOCK_CENTRAL_HOST,
    port: settings.EDGESTOCK_CENTRAL_PORT,
    dataDirectory: settings.EDGESTOCK_CENTRAL_DATA_DIR,
    ...(store === SQLITE ? {} : { storeUrl: store }),
    ...(redis === '' ? {} : { redisUrl: redis }),
    roles: settings.EDGESTOCK_CENTRAL_ROLES,
    natsUrls: settings.EDGESTOCK_CENTRAL_NATS_URL,
    ...(settings.EDGESTOCK_CENTRAL_INSTEAD_OF === '' ? {} : { insteadOf: settings.EDGESTOCK_CENTRAL_INSTEAD_OF }),
    logLevel: settings.EDGESTOCK_CENTRAL_LOG_LEVEL,
    corsOrigins: settings.EDGESTOCK_CENTRAL_CORS_ORIGINS,
  };
}

function isRole(text: string): text is Role {
  return roles.some((role) => role === text);
}

function isOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && new URL(text).origin === text);
}
