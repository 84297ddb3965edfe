import { systemClock } from '@edgestock/shared/runtime/clock';
import type { CentralApi } from '../../api/central-api.ts';
import { remark } from '../../command/answers.ts';
import type { StockModel } from '../../model/stock-model.ts';

const LOOK_PAUSE_MS = 50;
const REMARK_PERIOD_MS = 5_000;

/** What was acknowledged, as far as waiting is concerned. */
export type Acknowledged = Pick<StockModel, 'warehouses' | 'sequenceOf'>;

/**
 * Movements up to the last acknowledged one that central does not have, by warehouse. A node's log has one sequence for each
 * movement, its own grants included.
 */
export async function missingAtCentral(
  central: Pick<CentralApi, 'appliedByWarehouse'>,
  model: Acknowledged,
): Promise<ReadonlyMap<string, number>> {
  const applied = await central.appliedByWarehouse();
  const missing = model.warehouses.map((warehouse) => {
    return [warehouse, Math.max(0, model.sequenceOf(warehouse) - (applied.get(warehouse) ?? 0))] as const;
  });
  return new Map(missing.filter(([, count]) => count > 0));
}

/** Waits until central has everything, at most `withinMs`. What is missing then is not an error here: the caller counts it. */
export async function untilConverged(
  central: Pick<CentralApi, 'appliedByWarehouse'>,
  model: Acknowledged,
  { withinMs, signal }: { readonly withinMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const startedMs = systemClock.monotonicMs();
  let nextRemarkMs = startedMs + REMARK_PERIOD_MS;
  for (;;) {
    const missing = await missingAtCentral(central, model);
    const now = systemClock.monotonicMs();
    if (missing.size === 0 || now - startedMs > withinMs || signal.aborted) return;
    if (now >= nextRemarkMs) {
      const movements = [...missing.values()].reduce((sum, count) => sum + count, 0);
      remark(`waiting for central: ${movements} movements of ${missing.size} warehouses to go`);
      nextRemarkMs = now + REMARK_PERIOD_MS;
    }
    await systemClock.sleep(LOOK_PAUSE_MS, signal);
  }
}
