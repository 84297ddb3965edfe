import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { brokersSetting, hostSetting, logLevelSetting, portSetting } from '@edgestock/shared/runtime/common-settings';
import { readSettings, type SettingTable } from '@edgestock/shared/runtime/env';
import type { LogLevel } from '@edgestock/shared/runtime/log';
import { z } from 'zod';

/** What a node needs to know to start. Plain data: tests and `edgestock up` make it without any environment. */
export type EdgeConfig = {
  readonly warehouse: WarehouseId;
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  readonly dataDirectory: string;
  readonly natsUrls: readonly string[];
  readonly logLevel: LogLevel;
  /** True: a write without a key of its own is refused, so that no client can forget to be repeatable. */
  readonly isIdempotencyKeyRequired: boolean;
  /** Least age of a movement before it may leave the log, once central has it. */
  readonly retentionMs: number;
};

const DAY_MS = 24 * 3_600_000;
export const RETENTION_DAYS_DEFAULT = 7;

/** Every setting of a node, with its default and its sentence. `deploy/env/edge-node.example.env` shows the same ones. */
export const edgeSettings = {
  EDGESTOCK_EDGE_WAREHOUSE: {
    schema: z
      .string('missing')
      .transform(parseWarehouseId)
      .refine((id) => id !== undefined, 'not a warehouse id (letters, digits, - and _, at most 32)'),
    description: 'Id of the warehouse or store whose stock this node owns, for example BER1.',
    flag: '--warehouse',
  },
  EDGESTOCK_EDGE_HOST: hostSetting,
  EDGESTOCK_EDGE_PORT: portSetting(7_100),
  EDGESTOCK_EDGE_DATA_DIR: {
    schema: z.string().default('data/edge'),
    description:
      'Directory of the stock database. Made if absent; one process owns it at a time. Put it on a durable local disk.',
    flag: '--data-dir',
  },
  EDGESTOCK_EDGE_NATS_URL: brokersSetting('Need not be up: the node works without it.'),
  EDGESTOCK_EDGE_LOG_LEVEL: logLevelSetting,
  EDGESTOCK_EDGE_IDEMPOTENCY_KEY_REQUIRED: {
    schema: z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true'),
    description:
      'true: a write without an Idempotency-Key (or receipt) is refused. false lets a person try things with curl.',
  },
  EDGESTOCK_EDGE_RETENTION_DAYS: {
    schema: z
      .string()
      .default(String(RETENTION_DAYS_DEFAULT))
      .refine((text) => /^\d{1,4}$/.test(text) && Number(text) >= 1, 'not a whole number of days from 1')
      .transform(Number),
    description:
      'Days a movement stays in the local log at least, after central has it. Explanations reach back this far here.',
  },
} as const satisfies SettingTable;

/** The settings, by which name an override may come from a command's flags. */
export type EdgeEnvironment = { readonly [Name in keyof typeof edgeSettings]?: string | undefined };

/** Reads the configuration; what a flag says goes before the environment. Throws one `ConfigError` with every problem. */
export function readEdgeConfig(
  flags: EdgeEnvironment = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): EdgeConfig {
  const settings = readSettings(edgeSettings, { environment, flags });
  return {
    warehouse: settings.EDGESTOCK_EDGE_WAREHOUSE as WarehouseId,
    host: settings.EDGESTOCK_EDGE_HOST,
    port: settings.EDGESTOCK_EDGE_PORT,
    dataDirectory: settings.EDGESTOCK_EDGE_DATA_DIR,
    natsUrls: settings.EDGESTOCK_EDGE_NATS_URL,
    logLevel: settings.EDGESTOCK_EDGE_LOG_LEVEL,
    isIdempotencyKeyRequired: settings.EDGESTOCK_EDGE_IDEMPOTENCY_KEY_REQUIRED,
    retentionMs: settings.EDGESTOCK_EDGE_RETENTION_DAYS * DAY_MS,
  };
}
