import { join } from 'node:path';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { requestJson } from '../api/json-request.ts';
import { anyPorts, startSystem } from '../system/start-system.ts';

const WAREHOUSE = must(parseWarehouseId('BENCH1'), 'a warehouse id');
const PATIENCE_MS = 30_000;
const ASK_EVERY_MS = 50;

export type PromisingCentral = Service & { readonly url: string };

/**
 * Broker, central and one distribution centre as users run them, with goods that the node has granted to central: what central
 * promises here it promises for real. Resolves when all of it can be promised.
 */
export async function startPromisingCentral(
  directory: string,
  goods: readonly { readonly sku: string; readonly quantity: number }[],
): Promise<PromisingCentral> {
  const system = await startSystem({
    dataDirectory: join(directory),
    warehouses: [WAREHOUSE],
    ports: anyPorts,
    logLevel: 'error',
  });
  try {
    const { centralUrl } = system;
    const policy = { class: 'distribution-centre', sharePercent: 100, safetyStock: 0, priority: 1 };
    await untilTrue('the warehouse has its policy', async () => {
      const { status } = await requestJson(`${centralUrl}/v1/warehouses/${WAREHOUSE}/policy`, {
        method: 'PUT',
        body: policy,
      });
      return status === 200;
    });
    const [node] = system.nodes;
    const body = { kind: 'receive', lines: goods, document: 'opening stock' };
    const { status } = await requestJson(`${node?.url}/v1/movements`, { body, key: 'opening' });
    if (status !== 201) throw new Error(`the node did not take its opening stock: ${status}`);
    for (const { sku, quantity } of goods) {
      await untilTrue(`${quantity} of ${sku} can be promised`, async () => {
        const { body: answer } = await requestJson(`${centralUrl}/v1/availability/${sku}`);
        return (answer as { readonly available: number }).available === quantity;
      });
    }
    return { url: centralUrl, stop: () => system.stop() };
  } catch (error) {
    await system.stop();
    throw error;
  }
}

async function untilTrue(what: string, look: () => Promise<boolean>): Promise<void> {
  const givesUpMs = systemClock.monotonicMs() + PATIENCE_MS;
  while (!(await look())) {
    if (systemClock.monotonicMs() > givesUpMs) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${what}`);
    await systemClock.sleep(ASK_EVERY_MS);
  }
}
