import { ConfigError } from '@edgestock/shared/runtime/env';
import { defineCommand } from 'citty';
import { type Central, startCentral } from '../central.ts';
import { type CentralConfig, type CentralEnvironment, centralSettings, readCentralConfig } from '../config.ts';

/** `edgestock central`: central in this process, until SIGTERM or SIGINT. Exit codes: 0 stopped in order, 1 could not start. */
export const command = defineCommand({
  meta: {
    name: 'central',
    description: 'Run central: it takes in what the nodes record and answers how many can be promised, and from where.',
  },
  args: {
    'data-dir': {
      type: 'string',
      description: centralSettings.EDGESTOCK_CENTRAL_DATA_DIR.description,
      valueHint: 'DIR',
    },
    host: { type: 'string', description: centralSettings.EDGESTOCK_CENTRAL_HOST.description, valueHint: '127.0.0.1' },
    port: { type: 'string', description: centralSettings.EDGESTOCK_CENTRAL_PORT.description, valueHint: '7000' },
    nats: {
      type: 'string',
      description: centralSettings.EDGESTOCK_CENTRAL_NATS_URL.description,
      valueHint: 'nats://127.0.0.1:4222',
    },
    json: { type: 'boolean', description: 'Print one JSON line when ready: {"central": URL}.' },
  },
  async run({ args }) {
    const config = configOrExplain({
      EDGESTOCK_CENTRAL_DATA_DIR: args['data-dir'],
      EDGESTOCK_CENTRAL_HOST: args.host,
      EDGESTOCK_CENTRAL_PORT: args.port,
      EDGESTOCK_CENTRAL_NATS_URL: args.nats,
    });
    const stopped = stopSignal();
    const central = config && (await startOrExplain(config));
    if (central === undefined) return;
    console.log(args.json ? JSON.stringify({ central: central.url }) : `central is ready: ${central.url}/v1/status`);
    await stopped;
    await central.stop();
  },
});

function configOrExplain(flags: CentralEnvironment): CentralConfig | undefined {
  try {
    return readCentralConfig(flags);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(error.message);
  }
}

/** One line that says what to do, where the reason lies outside; a mistake of ours keeps its stack. */
async function startOrExplain(config: CentralConfig): Promise<Central | undefined> {
  try {
    return await startCentral(config);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return fail(`central cannot start: ${error.message}`);
  }
}

function fail(message: string): undefined {
  console.error(message);
  process.exitCode = 1;
  return undefined;
}

/** Resolves on the first SIGTERM or SIGINT, also one that comes while central starts; a second one ends the process the hard way. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
