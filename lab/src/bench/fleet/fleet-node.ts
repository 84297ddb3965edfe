import { startReplication } from '@edgestock/edge-node/replication/start-replication';
import { InMemoryInbox } from '@edgestock/edge-node/testing/in-memory-inbox';
import { InMemoryLog } from '@edgestock/edge-node/testing/in-memory-log';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { OPENING_UNITS, skuAt } from '../load/goods.ts';
import { UnderWay } from './under-way.ts';

/** Tells when central's cursor moves. */
class WatchedLog extends InMemoryLog {
  onApplied: (sequence: number) => void = () => undefined;

  override setAppliedUpTo(sequence: number): void {
    super.setAppliedUpTo(sequence);
    this.onApplied(sequence);
  }
}

/**
 * A node as far as central and the broker can tell: the product's own replication on a connection of its own, with its batches,
 * heartbeats, digests and its consumer of the way down, over books that are kept in memory.
 */
export class FleetNode implements Service {
  readonly underWay = new UnderWay();
  readonly #log: WatchedLog;
  readonly #replication: ReturnType<typeof startReplication>;

  constructor(options: { readonly warehouse: string; readonly natsUrl: string }) {
    const clock = systemClock;
    const log = new WatchedLog({ warehouse: options.warehouse, clock, instance: systemRandom.hex(16) });
    log.onApplied = (sequence) => this.underWay.applied(sequence, clock.monotonicMs());
    const inbox = new InMemoryInbox(clock);
    log.carriedOut = () => inbox.cursor().sequence;
    this.#log = log;
    this.#replication = startReplication({
      outbox: log,
      ledger: log,
      natsUrl: options.natsUrl,
      inbox,
      digestAt: (sequence) => log.digestAt(sequence),
      clock,
      random: systemRandom,
      log: silentLog,
    });
  }

  get warehouse(): string {
    return this.#log.identity().warehouse;
  }

  /** Central answers it, and has all that it has recorded. */
  get isInStep(): boolean {
    return this.#replication.isLive && this.#log.appliedUpTo() === this.#log.head().sequence;
  }

  stock(skus: number): void {
    this.#log.receive(OPENING_UNITS, ...Array.from({ length: skus }, (_, index) => skuAt(index)));
  }

  /** Sells one unit of each. */
  sell(...skus: readonly string[]): void {
    // Under way before the commit: what is told of it may come at once.
    this.underWay.committed(this.#log.head().sequence + skus.length, systemClock.monotonicMs());
    this.#log.commit(...skus);
  }

  stop(): Promise<void> {
    return this.#replication.stop();
  }
}
