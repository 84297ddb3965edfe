import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import type { DownPublisher } from '../directives/down-publisher.ts';
import type { ControlDesk } from '../ingest/control-desk.ts';
import type { StoreWrites } from '../ingest/store-writes.ts';
import { centralLimits } from '../limits.ts';
import type { Heard } from '../rules/node-record.ts';
import type { CentralStore } from '../store/central-store.ts';
import type { PromiseStore } from '../store/promise-store.ts';
import type { FromWriter, WriterMetrics } from './writer-messages.ts';

export type ReportsOptions = {
  readonly desk: Pick<ControlDesk, 'takeHeard' | 'takeCovered'>;
  readonly down: Pick<DownPublisher, 'takeCarriedOut'>;
  readonly store: CentralStore & PromiseStore;
  readonly writes: StoreWrites;
  /** False when times from the future are still to be taken back. */
  readonly isClamped: boolean;
  readonly metrics: () => WriterMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: (message: FromWriter) => void;
  readonly onFailed: (error: unknown) => void;
};

/** Writes down what nodes have said and tells it, once a second: often enough for "silent", rare enough for the disk. */
export class Reports implements Service {
  readonly #options: ReportsOptions;
  readonly #cancel: () => void;
  #isClamped: boolean;
  #reportedAt: number;
  /** What a full store did not take; of a node the last counts. */
  readonly #heard = new Map<WarehouseId, Heard>();
  readonly #carriedOut = new Map<WarehouseId, number>();

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#isClamped = options.isClamped;
    this.#reportedAt = options.clock.now();
    this.#cancel = options.clock.every(centralLimits.heardFlushMs, () => void this.#report().catch(options.onFailed));
  }

  /** How far nodes had carried out logs that are over is of no use. */
  beginEpoch(): void {
    this.#carriedOut.clear();
  }

  async stop(): Promise<void> {
    this.#cancel();
    await this.#report();
  }

  async #report(): Promise<void> {
    const { writes, clock, log, metrics, tell } = this.#options;
    const now = clock.now();
    const setBackMs = this.#reportedAt - now;
    this.#reportedAt = now;
    await this.#writeHeard();
    await this.#writeCarriedOut();
    await this.#writeCovered();
    if (setBackMs > 0 || !this.#isClamped) {
      // After what was heard, which may carry the time from before.
      this.#isClamped = await writes.attempt(() => this.#options.store.clampTimes(now));
    }
    if (setBackMs > 0) {
      log.warn({ setBackMs, hint: 'keep the clock of central in step with a time service' }, 'the clock was set back');
    }
    const told = metrics();
    told.ingest.storeFailing = writes.failure === undefined ? 0 : 1;
    tell({ type: 'metrics', metrics: told });
  }

  async #writeHeard(): Promise<void> {
    const { desk, store, writes, tell } = this.#options;
    for (const one of desk.takeHeard()) this.#heard.set(one.warehouse, one);
    const heard = [...this.#heard.values()];
    if (heard.length === 0 || !(await writes.attempt(() => store.recordHeard(heard)))) return;
    for (const one of heard) if (this.#heard.get(one.warehouse) === one) this.#heard.delete(one.warehouse);
    tell({ type: 'heard', heard });
  }

  /** What a full store does not take, the node's next heartbeat says again. */
  async #writeCovered(): Promise<void> {
    const { desk, store, writes } = this.#options;
    const covered = desk.takeCovered();
    if (covered.length > 0) await writes.attempt(() => store.recordCovered(covered));
  }

  async #writeCarriedOut(): Promise<void> {
    const { down, store, writes } = this.#options;
    for (const { warehouse, sequence } of down.takeCarriedOut()) this.#carriedOut.set(warehouse, sequence);
    const cursors = [...this.#carriedOut].map(([warehouse, sequence]) => ({ warehouse, sequence }));
    if (cursors.length === 0 || !(await writes.attempt(() => store.recordCarriedOut(cursors)))) return;
    for (const { warehouse, sequence } of cursors) {
      if (this.#carriedOut.get(warehouse) === sequence) this.#carriedOut.delete(warehouse);
    }
  }
}
