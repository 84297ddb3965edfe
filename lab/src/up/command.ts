import { systemClock } from '@edgestock/shared/runtime/clock';
import { listOf } from '@edgestock/shared/runtime/list-of';
import { aborted, stopSignal } from '@edgestock/shared/runtime/stop-signal';
import { defineCommand } from 'citty';
import { answer, remark } from '../command/answers.ts';
import { portOf } from '../command/flags.ts';
import { untilEnrolled } from '../system/enrolled.ts';
import { type System, startSystem, warehouseIdsOf } from '../system/start-system.ts';
import { LOG_LEVEL_VARIABLE, upLogLevel } from './config.ts';

/** Nodes work without central, so nobody has to wait longer for it. */
const ENROLLED_WITHIN_MS = 5_000;

export const command = defineCommand({
  meta: {
    name: 'up',
    description: `Run NATS, central and the nodes of the named warehouses on this machine, until Ctrl-C.
Wait for the addresses: they are printed when everything answers. At a terminal only warnings of the log are shown; ${LOG_LEVEL_VARIABLE}=info shows all.`,
  },
  args: {
    warehouses: {
      type: 'string',
      required: true,
      valueHint: 'BER1,HAM1',
      description: 'One node for each, in this process',
    },
    'data-dir': {
      type: 'string',
      default: 'data',
      valueHint: 'DIR',
      description: 'Where everything durable is kept; used again if it is there',
    },
    store: {
      type: 'string',
      valueHint: 'URL',
      description:
        "Central's: sqlite, a file in --data-dir, or the URL of a PostgreSQL database; default EDGESTOCK_CENTRAL_STORE",
    },
    'port-base': {
      type: 'string',
      default: '7100',
      valueHint: 'PORT',
      description: 'Port of the first node, the next one has the next; 0 takes free ones',
    },
    'central-port': {
      type: 'string',
      default: '7000',
      valueHint: 'PORT',
      description: "Port of central's API; 0 takes a free one",
    },
    'nats-port': {
      type: 'string',
      default: '4222',
      valueHint: 'PORT',
      description: 'Port of the broker; 0 takes a free one',
    },
    json: { type: 'boolean', description: 'When ready, print {nats, central, nodes: [{warehouse, url}]} as one line' },
  },
  async run({ args }) {
    const stopping = stopSignal();
    const system = await startSystem({
      dataDirectory: args['data-dir'],
      warehouses: warehouseIdsOf(listOf(args.warehouses)),
      store: args.store,
      ports: {
        nats: portOf('nats-port', args['nats-port']),
        central: portOf('central-port', args['central-port']),
        node: portOf('port-base', args['port-base']),
      },
      logLevel: upLogLevel({ isJson: args.json === true, isTerminal: process.stderr.isTTY === true }),
    });
    try {
      const waiting = await untilEnrolled(system.nodes, {
        withinMs: ENROLLED_WITHIN_MS,
        clock: systemClock,
        signal: stopping,
      });
      if (waiting.length > 0 && !stopping.aborted) {
        remark(`ready, but central has not answered ${waiting.join(', ')} yet: they sell, and their sales follow`);
      }
      answer(args.json ? JSON.stringify(addressesOf(system)) : proseOf(system));
      await aborted(stopping);
    } finally {
      remark('stopping');
      await system.stop();
    }
  },
});

function addressesOf({ natsUrl, centralUrl, nodes }: System) {
  return { nats: natsUrl, central: centralUrl, nodes: nodes.map(({ warehouse, url }) => ({ warehouse, url })) };
}

function proseOf({ natsUrl, centralUrl, nodes }: System): string {
  return [
    `NATS      ${natsUrl}`,
    `central   ${centralUrl}/v1/warehouses`,
    ...nodes.map(({ warehouse, url }) => `${warehouse.padEnd(9)} ${url}/v1/status`),
    'Ctrl-C stops everything.',
  ].join('\n');
}
