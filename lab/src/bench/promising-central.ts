import { join } from 'node:path';
import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import type { Service } from '@edgestock/shared/runtime/service';
import { requestJson } from '../api/json-request.ts';
import { anyPorts, startSystem } from '../system/start-system.ts';
import { untilTrue } from './until-true.ts';

const WAREHOUSE = must(parseWarehouseId('BENCH1'), 'a warehouse id');

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
