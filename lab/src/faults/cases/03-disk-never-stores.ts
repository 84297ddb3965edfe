import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { attempt } from '../traffic/attempt.ts';
import { PLAINLY, type Under } from '../world/lab-node.ts';
import { failing } from '../world/strace.ts';
import { inWorld } from '../world/world.ts';

/** From this fsync on every one fails. */
const FROM = 80;
const PROBES = 5;

/** The disk stores nothing any more. The node refuses sales, says why, answers reads; on a sound disk everything replied is there. */
export const diskNeverStores: FaultCase = {
  rows: [3],
  name: 'disk-never-stores',
  needs: ['strace'],
  run: (lab) => {
    let under: Under = failing('fsync,fdatasync', `error=EIO:when=${FROM}+`);
    return inWorld(lab, { nodeUnder: () => under }, async (world) => {
      const { url, victim, warehouse } = world.node;
      const said = (event: string) => victim.said.some((line) => line.includes(event));
      await until(() => said('the disk failed under a write'), 30_000, 'the disk failed');
      for (let probe = 0; probe < PROBES; probe += 1) {
        const changes = [{ sku: 'probe', units: -1 }];
        const operation = { id: `probe/r${probe}`, door: 'node', warehouse, changes } as const;
        const body = { till: 'probe', receipt: `r${probe}`, lines: [{ sku: 'probe', quantity: 1 }] };
        const { ending } = await attempt(world.history, operation, { url: `${url}/v1/sales`, request: { body } });
        hold(ending !== 'ok', 'a sale was replied by a disk that stores nothing');
      }
      const isRead = async () => (await requestJson(`${url}/v1/stock/shop-1`)).status === 200;
      await until(isRead, 10_000, 'reads are answered');
      await victim.kill();
      under = PLAINLY;
      await victim.start();
      return `read only; on a sound disk: ${await world.judged({ isVerified: true })}`;
    });
  },
};
