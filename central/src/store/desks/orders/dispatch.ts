import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import type { OrderEffect } from '../../../rules/order-effect.ts';
import type { SourcedHold } from '../../../rules/sourcing.ts';
import type { Directed, DownLogWriter } from '../../tables/down-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { QuotaRecall } from '../catalogue/quota-recall.ts';
import { summedByPlace } from '../promises/holdings.ts';

/**
 * What orders want of nodes, collected while they are decided and sent when all of them are: what is held for them leaves the
 * quota with one statement, and logs down grow together. What is unspent is the same before and after, so nobody takes too much meanwhile.
 */
export class Dispatch {
  readonly #held: SourcedHold[] = [];
  readonly #directed: Directed[] = [];

  allocate(
    order: string,
    { task, warehouse, lines, dueAt }: Omit<Extract<OrderEffect, { effect: 'allocate' }>, 'effect' | 'isThere'>,
  ): void {
    this.#held.push(...lines.map((line) => ({ ...line, warehouse })));
    const directive = encodeDirective({ kind: 'allocate', task, order, lines, dueAt });
    this.#directed.push({ warehouse, directive });
  }

  release({ task, warehouse, lines, reason }: Omit<Extract<OrderEffect, { effect: 'release' }>, 'effect'>): void {
    this.#directed.push({ warehouse, directive: encodeDirective({ kind: 'release', task, lines, reason }) });
  }

  async send(parts: {
    readonly quota: QuotaTable;
    readonly recalls: QuotaRecall;
    readonly downLog: DownLogWriter;
  }): Promise<void> {
    const { quota, recalls, downLog } = parts;
    const held = summedByPlace(this.#held);
    if (held.length > 0) {
      await quota.allocate(held);
      for (const { warehouse, sku } of await recalls.owing(held)) await recalls.settle(warehouse, sku);
    }
    if (this.#directed.length > 0) await downLog.appendEach(this.#directed);
  }
}
