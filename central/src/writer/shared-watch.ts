import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import type { SharedStore } from '../store/shared-store.ts';

/** Looks for what other processes have done to the store: epochs that they have begun, and directives that they have written. */
export class SharedWatch implements Service {
  readonly #shared: Pick<SharedStore, 'standing' | 'openLogs'>;
  readonly #onEpoch: (centralEpoch: number) => void;
  readonly #onGrown: (warehouses: readonly WarehouseId[]) => void;
  readonly #onFailed: (error: unknown) => void;
  readonly #cancels: readonly (() => void)[];
  readonly #looking = new Set<Promise<void>>();
  /** Ends of the logs when they were last looked at. */
  #ends: ReadonlyMap<WarehouseId, number> = new Map();

  /** Without `onGrown` nobody here sends what was written. */
  constructor(options: {
    readonly shared: Pick<SharedStore, 'standing' | 'openLogs'>;
    readonly clock: Clock;
    /** The present one, which is told again at every look. */
    readonly onEpoch: (centralEpoch: number) => void;
    readonly onGrown?: (warehouses: readonly WarehouseId[]) => void;
    readonly onFailed: (error: unknown) => void;
  }) {
    const { shared, clock, onEpoch, onGrown, onFailed } = options;
    this.#shared = shared;
    this.#onEpoch = onEpoch;
    this.#onGrown = onGrown ?? (() => undefined);
    this.#onFailed = onFailed;
    this.#cancels = [
      clock.every(centralLimits.epochLookMs, () => this.#look(() => this.#lookAtEpoch())),
      ...(onGrown === undefined
        ? []
        : [clock.every(centralLimits.openLogsLookMs, () => this.#look(() => this.#lookAtLogs()))]),
    ];
  }

  async stop(): Promise<void> {
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#looking);
  }

  /** One that is slow must not have others queue behind it. */
  #look(look: () => Promise<void>): void {
    if (this.#looking.size > 1) return;
    const looking = look()
      .catch(this.#onFailed)
      .finally(() => this.#looking.delete(looking));
    this.#looking.add(looking);
  }

  async #lookAtEpoch(): Promise<void> {
    this.#onEpoch((await this.#shared.standing()).centralEpoch);
  }

  async #lookAtLogs(): Promise<void> {
    const logs = await this.#shared.openLogs();
    const grown = logs.filter(({ warehouse, sequence }) => this.#ends.get(warehouse) !== sequence);
    this.#ends = new Map(logs.map(({ warehouse, sequence }) => [warehouse, sequence]));
    if (grown.length > 0) this.#onGrown(grown.map(({ warehouse }) => warehouse));
  }
}
