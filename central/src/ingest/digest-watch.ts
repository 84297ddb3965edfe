import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import type { CentralStore, DigestComparison } from '../store/central-store.ts';
import type { IngestMetrics } from './ingest-metrics.ts';

/**
 * Hears what came of each digest: has positions counted where they are not yet, and asks the node for the buckets that differ. A
 * node that was asked sends them whole; whether that was enough its next digest tells, so nothing is remembered beyond the question.
 */
export class DigestWatch implements Service {
  readonly #store: Pick<CentralStore, 'countPositions' | 'recountPositions'>;
  readonly #metrics: IngestMetrics;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #letOthersIn: () => Promise<void>;
  readonly #onFailed: (error: unknown) => void;
  readonly #differing = new Map<WarehouseId, readonly number[]>();
  /** Nodes whose last digest told something. The others are asked for one, so that a node at rest is looked at, too. */
  readonly #judged = new Set<WarehouseId>();
  readonly #askedAtMs = new Map<WarehouseId, number>();
  readonly #stopping = new AbortController();
  #counting: Promise<void> | undefined;
  #countedAtMs: number;

  constructor(options: {
    readonly store: Pick<CentralStore, 'countPositions' | 'recountPositions'>;
    readonly metrics: IngestMetrics;
    readonly clock: Clock;
    readonly log: Log;
    /** Ends when those who wait for a transaction have had theirs. */
    readonly letOthersIn: () => Promise<void>;
    readonly onFailed: (error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#metrics = options.metrics;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#letOthersIn = options.letOthersIn;
    this.#onFailed = options.onFailed;
    this.#countedAtMs = options.clock.monotonicMs();
  }

  compared(warehouse: WarehouseId, comparison: DigestComparison): void {
    if (comparison.compared === 'not-yet') {
      const { misplaced = 0 } = comparison;
      if (misplaced > 0) {
        this.#metrics.positionsRepaired += misplaced;
        const hint = 'their places were taken from the log, and digests are judged again; look at the disk of central';
        this.#log.error({ warehouse, positions: misplaced, hint }, 'positions said to be of a place that no log has');
      }
      this.#judged.delete(warehouse);
      this.#count();
      return;
    }
    const { differing } = comparison;
    this.#metrics.digestsCompared += 1;
    this.#judged.add(warehouse);
    this.#differing.delete(warehouse);
    if (differing.length > 0) {
      this.#metrics.digestsDiffering += 1;
      this.#differing.set(warehouse, differing);
      const hint = 'the node is asked for them whole; if it happens again, look at the disks of both';
      this.#log.error({ warehouse, buckets: differing.length, hint }, 'positions differ from those of their node');
    }
    if (this.#clock.monotonicMs() - this.#countedAtMs >= centralLimits.recountPeriodMs) this.#recount();
  }

  /** What to ask a node for now: buckets that it should send whole, each once, and another digest. Nothing nearly always. */
  ask(warehouse: WarehouseId): { readonly repair?: number[]; readonly digest?: true } {
    const differing = this.#differing.get(warehouse) ?? [];
    const [due, rest] = [differing.slice(0, wireLimits.repairBucketsMax), differing.slice(wireLimits.repairBucketsMax)];
    if (rest.length > 0) this.#differing.set(warehouse, rest);
    else this.#differing.delete(warehouse);
    const isAnotherDue = due.length === 0 && this.#isAnotherDue(warehouse);
    return { ...(due.length === 0 ? {} : { repair: due }), ...(isAnotherDue ? { digest: true } : {}) };
  }

  /** Positions of a node were made what it says they are; its next digest tells whether that was all. */
  repaired(warehouse: WarehouseId, positions: number): void {
    this.#judged.delete(warehouse);
    if (positions === 0) return;
    this.#metrics.positionsRepaired += positions;
    this.#log.warn({ warehouse, positions }, 'positions made those of their node');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#counting;
  }

  #isAnotherDue(warehouse: WarehouseId): boolean {
    const nowMs = this.#clock.monotonicMs();
    const askedAtMs = this.#askedAtMs.get(warehouse) ?? Number.NEGATIVE_INFINITY;
    if (this.#judged.has(warehouse) || this.#counting !== undefined) return false;
    if (nowMs - askedAtMs < centralLimits.digestRepeatMs) return false;
    this.#askedAtMs.set(warehouse, nowMs);
    return true;
  }

  /** What was written since the start is known to be right; what only lay there is read again once a day. */
  #recount(): void {
    this.#countedAtMs = this.#clock.monotonicMs();
    this.#judged.clear();
    this.#store.recountPositions().catch(this.#onFailed);
  }

  #count(): void {
    this.#counting ??= this.#countAll()
      .catch(this.#onFailed)
      .finally(() => {
        this.#counting = undefined;
      });
  }

  async #countAll(): Promise<void> {
    do {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#letOthersIn();
      if (this.#stopping.signal.aborted) return;
    } while (await this.#store.countPositions(centralLimits.countPageMax));
  }
}
