import { parseSku, parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { type LastUnitsReply, lastUnitsRequest } from '@edgestock/shared/protocol/control';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Log } from '@edgestock/shared/runtime/log';
import { parsedJson } from '@edgestock/shared/runtime/parsed-json';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import type { NodeCursors } from './node-cursors.ts';

export type LastUnitsDeskOptions = {
  readonly cursors: NodeCursors;
  /** Carries the command out ahead of those of shops: somebody stands at a counter. Rejects when it cannot be done now. */
  readonly promise: (command: PromiseCommand) => Promise<PromiseOutcome>;
  readonly log: Log;
  readonly onAnswered: (isAnswered: boolean) => void;
};

/**
 * Gives nodes back what central has not promised of their quota. A node that gets no answer decides without one; what central
 * has given back reaches it by its log down all the same, so an answer that is lost costs a sale and no unit.
 */
export class LastUnitsDesk {
  readonly #options: LastUnitsDeskOptions;

  constructor(options: LastUnitsDeskOptions) {
    this.#options = options;
  }

  /** The totals ever given back; `undefined` = leave the request without an answer. */
  async lastUnits(subjectWarehouse: string, body: string): Promise<LastUnitsReply | undefined> {
    const reply = await this.#replyTo(subjectWarehouse, body);
    this.#options.onAnswered(reply !== undefined);
    return reply;
  }

  async #replyTo(subjectWarehouse: string, body: string): Promise<LastUnitsReply | undefined> {
    const { cursors, promise, log } = this.#options;
    const warehouse = parseWarehouseId(subjectWarehouse);
    const request = lastUnitsRequest.safeParse(parsedJson(body));
    const lines = request.success ? quantitiesOf(request.data.lines) : undefined;
    const isOwn = request.success && request.data.warehouse === warehouse;
    if (warehouse === undefined || !request.success || !isOwn || lines === undefined) {
      log.warn({ warehouse: subjectWarehouse }, 'malformed request for last units left unanswered');
      return undefined;
    }
    const cursor = cursors.get(warehouse);
    if (cursor === undefined || cursor.instance !== request.data.instance || cursor.fenceReason !== undefined) {
      const hint = 'not enrolled, fenced, or another installation of the warehouse';
      log.warn({ warehouse, hint }, 'request for last units left unanswered');
      return undefined;
    }
    const outcome = await promise({ command: 'return-quota', warehouse, lines });
    if (outcome.outcome === 'returned') {
      return { lines: outcome.lines.map(({ sku, total }) => ({ sku, returned: total })) };
    }
    log.warn({ warehouse, outcome: outcome.outcome }, 'request for last units left unanswered');
    return undefined;
  }
}

/** One line for each SKU; `undefined` when one names none. */
function quantitiesOf(
  lines: readonly { readonly sku: string; readonly quantity: number }[],
): readonly SkuQuantity[] | undefined {
  const bySku = new Map<SkuQuantity['sku'], number>();
  for (const { sku: text, quantity } of lines) {
    const sku = parseSku(text);
    if (sku === undefined) return undefined;
    bySku.set(sku, (bySku.get(sku) ?? 0) + quantity);
  }
  const summed = [...bySku].map(([sku, quantity]) => ({ sku, quantity }));
  return summed.every(({ quantity }) => Number.isSafeInteger(quantity)) ? summed : undefined;
}
