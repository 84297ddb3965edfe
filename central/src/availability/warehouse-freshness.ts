import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { knownUpTo, silentFrom } from '../rules/freshness.ts';
import type { CentralReader } from '../store/central-store.ts';

/** How far central knows a warehouse, as an answer about its stock tells it. */
export type Freshness = {
  /** Up to when, in milliseconds since 1970 UTC, and the same as ISO text. */
  readonly asOf: number;
  readonly asOfText: string;
  /** From when on it counts as silent, unless something is heard of it until then. */
  readonly silentFrom: number;
};

export type FreshnessByWarehouse = ReadonlyMap<WarehouseId, Freshness>;

/**
 * The freshness of every warehouse, held in memory: answers need it for each read, and it is a few hundred rows that
 * change with the heartbeats. Read again every `REFRESH_PERIOD_MS`; what is missed in between makes an answer look older
 * than it is, never younger, and silence needs no news to be noticed.
 */
export class WarehouseFreshness implements Service {
  readonly #reader: Pick<CentralReader, 'warehouses'>;
  readonly #byWarehouse = new Map<WarehouseId, Freshness>();
  #refreshing: Promise<void> | undefined;
  #cancelTimer: () => void = () => undefined;

  private constructor(reader: Pick<CentralReader, 'warehouses'>) {
    this.#reader = reader;
  }

  /** `onFailure` is told when the table could not be read again; it goes on with what it has. */
  static async start(options: {
    readonly reader: Pick<CentralReader, 'warehouses'>;
    readonly clock: Clock;
    readonly onFailure: (error: unknown) => void;
  }): Promise<WarehouseFreshness> {
    const freshness = new WarehouseFreshness(options.reader);
    await freshness.refresh();
    freshness.#cancelTimer = options.clock.every(REFRESH_PERIOD_MS, () => {
      freshness.refresh().catch(options.onFailure);
    });
    return freshness;
  }

  get byWarehouse(): FreshnessByWarehouse {
    return this.#byWarehouse;
  }

  /** Reads the table again; many who ask at once share one reading. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async stop(): Promise<void> {
    this.#cancelTimer();
  }

  async #refresh(): Promise<void> {
    for (const record of await this.#reader.warehouses()) {
      const asOf = knownUpTo(record);
      this.#byWarehouse.set(record.warehouse, {
        asOf,
        asOfText: new Date(asOf).toISOString(),
        silentFrom: silentFrom(record),
      });
    }
  }
}

const REFRESH_PERIOD_MS = 500;
