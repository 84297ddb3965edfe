import { systemClock } from '@edgestock/shared/runtime/clock';
import type { CentralApi } from '../api/central-api.ts';
import type { EdgeApi } from '../api/edge-api.ts';
import { type Mismatch, mismatchesOf } from './compare-positions.ts';

const STILL_WITHIN_MS = 10_000;
const LOOK_PAUSE_MS = 50;

/**
 * What model, node and central do not agree on about one warehouse, at a moment at which nothing moved: a node grants quota
 * after movements by itself, and one that falls between two reads would look like a difference. A log that does not come to
 * rest, or that central does not reach, is compared as it stands: then the differences are real.
 */
export async function siteMismatches(
  warehouse: string,
  witnesses: {
    readonly model: ReadonlyMap<string, number>;
    readonly node: Pick<EdgeApi, 'status' | 'positions'>;
    readonly central: Pick<CentralApi, 'appliedByWarehouse' | 'positions'>;
  },
): Promise<readonly Mismatch[]> {
  const { model, node, central } = witnesses;
  const givesUpAt = systemClock.monotonicMs() + STILL_WITHIN_MS;
  for (;;) {
    const before = await node.status();
    const applied = (await central.appliedByWarehouse()).get(warehouse) ?? 0;
    const isLast = systemClock.monotonicMs() > givesUpAt;
    if (applied === before.sequence || isLast) {
      const [atNode, atCentral] = await Promise.all([node.positions(), central.positions(warehouse)]);
      const isStill = (await node.status()).sequence === before.sequence;
      if (isStill || isLast) return mismatchesOf(warehouse, { model, node: atNode, central: atCentral });
    }
    await systemClock.sleep(LOOK_PAUSE_MS);
  }
}
