import { requestJson } from '../api/json-request.ts';
import { OPENING_UNITS, SKUS, skuAt } from './load/goods.ts';

const LINES_PER_REQUEST = 1_000;

/** Receives the opening stock of every SKU at a node, through its API. */
export async function stock(url: string, skus: number = SKUS): Promise<void> {
  for (let first = 0; first < skus; first += LINES_PER_REQUEST) {
    const lines = Array.from({ length: Math.min(LINES_PER_REQUEST, skus - first) }, (_, index) => ({
      sku: skuAt(first + index),
      quantity: OPENING_UNITS,
    }));
    const body = { kind: 'receive', lines, document: 'opening stock' };
    const { status } = await requestJson(`${url}/v1/movements`, { body, key: `opening ${first}` });
    if (status !== 201) throw new Error(`the node did not take its opening stock: ${status}`);
  }
}
