import { aborted, stopSignal } from '@edgestock/shared/runtime/stop-signal';
import { keepTickShape } from '@edgestock/shared/runtime/tick-shape';
import { defineCommand } from 'citty';
import { type Central, type Standing, startCentral } from '../central.ts';
import { centralSettings, readCentralConfig } from '../config.ts';
import { backupCommand } from './backup.ts';
import { moveCommand } from './move.ts';
import { restoreCommand } from './restore.ts';
import { restoredCommand } from './restored.ts';

/**
 * `edgestock central`: central in this process, until SIGTERM or SIGINT. Exit codes: 0 stopped in order, 1 could not start or go on;
 * what kept it from that is thrown, with what to do about it, and told by the dispatcher.
 */
export const command = defineCommand({
  meta: {
    name: 'central',
    description: 'Run central: it takes in what the nodes record and answers how many can be promised, and from where.',
  },
  subCommands: { backup: backupCommand, move: moveCommand, restore: restoreCommand, restored: restoredCommand },
  args: {
    'data-dir': {
      type: 'string',
      description: centralSettings.EDGESTOCK_CENTRAL_DATA_DIR.description,
      valueHint: 'DIR',
    },
    store: {
      type: 'string',
      description: `${centralSettings.EDGESTOCK_CENTRAL_STORE.description} A password is better in the environment, where other users do not see it.`,
      valueHint: 'postgres://user@host/edgestock',
    },
    redis: {
      type: 'string',
      description: `${centralSettings.EDGESTOCK_CENTRAL_REDIS.description} A password is better in the environment.`,
      valueHint: 'redis://host:6379',
    },
    roles: {
      type: 'string',
      description: centralSettings.EDGESTOCK_CENTRAL_ROLES.description,
      valueHint: 'api,orders',
    },
    host: { type: 'string', description: centralSettings.EDGESTOCK_CENTRAL_HOST.description, valueHint: '127.0.0.1' },
    port: { type: 'string', description: centralSettings.EDGESTOCK_CENTRAL_PORT.description, valueHint: '7000' },
    nats: {
      type: 'string',
      description: centralSettings.EDGESTOCK_CENTRAL_NATS_URL.description,
      valueHint: 'nats://127.0.0.1:4222',
    },
    'instead-of': {
      type: 'string',
      description: centralSettings.EDGESTOCK_CENTRAL_INSTEAD_OF.description,
      valueHint: 'STORE',
    },
    json: {
      type: 'boolean',
      description:
        'Print a JSON line when it answers, {"central": URL, "isReady": true}: with "waitsFor": "broker" while that is away, and before with "isReady": false while a database server is.',
    },
  },
  async run({ args }) {
    keepTickShape();
    const stopping = stopSignal();
    const central = await startCentral(
      readCentralConfig({
        EDGESTOCK_CENTRAL_DATA_DIR: args['data-dir'],
        EDGESTOCK_CENTRAL_STORE: args.store,
        EDGESTOCK_CENTRAL_REDIS: args.redis,
        EDGESTOCK_CENTRAL_ROLES: args.roles,
        EDGESTOCK_CENTRAL_HOST: args.host,
        EDGESTOCK_CENTRAL_PORT: args.port,
        EDGESTOCK_CENTRAL_NATS_URL: args.nats,
        EDGESTOCK_CENTRAL_INSTEAD_OF: args['instead-of'],
      }),
    );
    const say = (standing: Standing) => console.log(args.json ? jsonOf(central, standing) : textOf(central, standing));
    say(central.standing);
    if (!central.standing.isReady) void central.ready.then(say);
    await Promise.race([aborted(stopping), central.failed]);
    await central.stop();
  },
});

function jsonOf({ url }: Central, standing: Standing): string {
  return JSON.stringify({ central: url, ...standing });
}

function textOf({ url }: Central, { isReady, waitsFor, reason }: Standing): string {
  const where = `${url}/v1/status`;
  const why = reason === undefined ? '' : ` (${reason})`;
  if (!isReady) return `central waits for its store, and tries for ever: ${where}${why}`;
  return `central is ready: ${where}${waitsFor === 'broker' ? `; without the broker, for which it tries for ever${why}` : ''}`;
}
