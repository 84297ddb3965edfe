import { aborted, stopSignal } from '@edgestock/shared/runtime/stop-signal';
import { keepTickShape } from '@edgestock/shared/runtime/tick-shape';
import { defineCommand } from 'citty';
import { edgeSettings, readEdgeConfig } from '../config.ts';
import { startEdgeNode } from '../edge-node.ts';
import { backupCommand } from './backup.ts';
import { rejoinCommand } from './rejoin.ts';
import { restoreCommand } from './restore.ts';
import { salvageCommand } from './salvage.ts';

/**
 * `edgestock edge`: one node in this process, until SIGTERM or SIGINT. Exit codes: 0 stopped in order, 1 could not start;
 * what kept it from starting is thrown, with what to do about it, and told by the dispatcher.
 */
export const command = defineCommand({
  meta: {
    name: 'edge',
    description:
      'Run the edge node of one warehouse or store: it owns the stock and answers scanners and tills, online or not.',
  },
  subCommands: { backup: backupCommand, restore: restoreCommand, salvage: salvageCommand, rejoin: rejoinCommand },
  args: {
    warehouse: { type: 'string', description: edgeSettings.EDGESTOCK_EDGE_WAREHOUSE.description, valueHint: 'BER1' },
    'data-dir': { type: 'string', description: edgeSettings.EDGESTOCK_EDGE_DATA_DIR.description, valueHint: 'DIR' },
    host: { type: 'string', description: edgeSettings.EDGESTOCK_EDGE_HOST.description, valueHint: '127.0.0.1' },
    port: { type: 'string', description: edgeSettings.EDGESTOCK_EDGE_PORT.description, valueHint: '7100' },
    nats: {
      type: 'string',
      description: edgeSettings.EDGESTOCK_EDGE_NATS_URL.description,
      valueHint: 'nats://127.0.0.1:4222',
    },
    json: { type: 'boolean', description: 'Print one JSON line when ready: {"warehouse", "url"}.' },
  },
  async run({ args }) {
    keepTickShape();
    const stopping = stopSignal();
    const node = await startEdgeNode(
      readEdgeConfig({
        EDGESTOCK_EDGE_WAREHOUSE: args.warehouse,
        EDGESTOCK_EDGE_DATA_DIR: args['data-dir'],
        EDGESTOCK_EDGE_HOST: args.host,
        EDGESTOCK_EDGE_PORT: args.port,
        EDGESTOCK_EDGE_NATS_URL: args.nats,
      }),
    );
    const { warehouse, url } = node;
    console.log(args.json ? JSON.stringify({ warehouse, url }) : `${warehouse} is ready: ${url}/v1/status`);
    // Half of the heap by now is what reading the program took. V8 would keep it for growth: 134 MiB with an ordinary collection,
    // 95 with this one, which also moves what is left together. Tills wait for it, some 100 ms after a start.
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await aborted(stopping);
    await node.stop();
  },
});
