import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { warehouseOf } from '../testing/node-log.ts';
import { SharedWatch } from './shared-watch.ts';

const { epochLookMs, openLogsLookMs } = centralLimits;

let clock: VirtualClock;
let centralEpoch: number;
let logs: { readonly warehouse: WarehouseId; readonly sequence: number }[];
let isAway: boolean;
let events: string[];
beforeEach(() => {
  clock = new VirtualClock();
  centralEpoch = 1;
  logs = [];
  isAway = false;
  events = [];
});

function watch(parts: { readonly sends: boolean }): SharedWatch {
  return new SharedWatch({
    shared: {
      standing: async () => ({ revision: 0, centralEpoch, life: '' }),
      openLogs: async () => {
        if (isAway) throw new StoreUnavailable('nobody listens');
        return logs;
      },
    },
    clock,
    onEpoch: (epoch) => void events.push(`epoch ${epoch}`),
    ...(parts.sends ? { onGrown: (warehouses) => void events.push(`grown ${warehouses}`) } : {}),
    onFailed: (error) => void events.push(String(error)),
  });
}

it('tells the present epoch once a second', async () => {
  watch({ sends: false });
  await clock.advance(epochLookMs);
  centralEpoch = 7;
  await clock.advance(epochLookMs);
  expect(events).toEqual(['epoch 1', 'epoch 7']);
});

it('tells of logs that are longer than at the last look, also after one that failed', async () => {
  const running = watch({ sends: true });
  logs = [{ warehouse: warehouseOf('BER1'), sequence: 3 }];
  await clock.advance(openLogsLookMs * 2);
  logs = [
    { warehouse: warehouseOf('BER1'), sequence: 3 },
    { warehouse: warehouseOf('HAM1'), sequence: 1 },
  ];
  isAway = true;
  await clock.advance(openLogsLookMs);
  isAway = false;
  await clock.advance(openLogsLookMs);
  expect(events).toEqual(['grown BER1', 'StoreUnavailable: nobody listens', 'grown HAM1']);
  await running.stop();
  logs = [{ warehouse: warehouseOf('MUC1'), sequence: 1 }];
  await clock.advance(openLogsLookMs * 2);
  expect(events).toHaveLength(3);
});
