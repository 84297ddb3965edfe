import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { CentralApi } from '../../api/central-api.ts';
import { requestJson } from '../../api/json-request.ts';
import { childrenOf, startCommandUnder, until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { LabDatabase } from '../world/lab-database.ts';

const NODES = 200;
const BACK_WITHIN_MS = 180_000;
const SALES_EACH = 3;

/** Two hundred nodes lose their broker at once and come back to it at once. All are in contact again, and nothing is missing. */
export const reconnectStorm: FaultCase = {
  rows: [46],
  name: 'reconnect-storm',
  needs: [],
  isLong: true,
  run: async (lab) => {
    const names = Array.from({ length: NODES }, (_, index) => `W${index + 1}`);
    const anyPort = ['--port-base', '0', '--central-port', '0', '--nats-port', '0'];
    const database = lab.store === 'postgres' ? await LabDatabase.start() : undefined;
    const store = ['--store', database?.store ?? 'sqlite'];
    const up = await startCommandUnder(
      ['env', `EDGESTOCK_NATS_SERVER=${lab.natsServer}`],
      ...[
        'up',
        '--warehouses',
        names.join(','),
        '--data-dir',
        join(lab.directory, 'up'),
        ...store,
        ...anyPort,
        '--json',
      ],
    );
    try {
      const { central, nodes } = up.ready as { central: string; nodes: { warehouse: string; url: string }[] };
      const sell = (receipt: string) =>
        Promise.all(
          nodes.map(async ({ url }) => {
            const body = { till: 'T', receipt, lines: [{ sku: 'A', quantity: 1 }] };
            const { status } = await requestJson(`${url}/v1/sales`, { body, timeoutMs: 30_000 });
            hold(status === 201, `a sale was answered ${status}`);
          }),
        );
      const api = new CentralApi(central);
      const missing = async (sequence: number) => {
        const applied = await api.appliedByWarehouse();
        return names.filter((name) => (applied.get(name) ?? 0) < sequence).length;
      };
      await sell('before');
      await until(async () => (await missing(1)) === 0, BACK_WITHIN_MS, 'central has the first sale of all');
      const broker = must(
        childrenOf(up.pid).find(({ line }) => line.includes('nats.conf')),
        'up has a broker',
      );
      process.kill(broker.pid, 'SIGKILL');
      const killedAt = systemClock.monotonicMs();
      for (let sale = 1; sale < SALES_EACH; sale += 1) await sell(`while away ${sale}`);
      await until(async () => (await missing(SALES_EACH)) === 0, BACK_WITHIN_MS, 'central has every sale of all');
      const seconds = ((systemClock.monotonicMs() - killedAt) / 1_000).toFixed(1);
      return `${NODES} nodes in step again ${seconds} s after the broker was killed`;
    } finally {
      await up.kill('SIGTERM');
      await database?.stop();
    }
  },
};
