import { systemClock } from '@edgestock/shared/runtime/clock';
import type { CentralApi } from '../api/central-api.ts';

/** One sale to follow: where it was recorded and as what. */
export type RecordedSale = { readonly warehouse: string; readonly sku: string; readonly sequence: number };

export type ProbeOptions = {
  readonly isConnected: (warehouse: string) => boolean;
  /** Between two samples, so that the probe does not become the load that it measures. */
  readonly pauseMs: number;
  /** False: it was not to be seen in all this time. */
  readonly onSample: (elapsedMs: number, isVisible: boolean) => void;
};

/** Between two looks at central. Part of every figure, so it is small; a look itself takes about a millisecond. */
const LOOK_PAUSE_MS = 1;
/** A sample that takes longer is taken as this long, and counted. */
const GIVES_UP_MS = 15_000;

/**
 * Measures how long a sale takes from the node's answer to central's: it follows one sale at a time by asking central for the
 * SKU's availability until the warehouse's sequence there has reached the sale's. Sales of cut links are left out, because
 * theirs is the length of the cut.
 */
export class VisibilityProbe {
  readonly #central: Pick<CentralApi, 'availability'>;
  readonly #isConnected: (warehouse: string) => boolean;
  readonly #pauseMs: number;
  readonly #onSample: ProbeOptions['onSample'];
  #following: Promise<void> | undefined;
  #notBeforeMs = 0;
  #isStopped = false;

  constructor(central: Pick<CentralApi, 'availability'>, options: ProbeOptions) {
    this.#central = central;
    this.#isConnected = options.isConnected;
    this.#pauseMs = options.pauseMs;
    this.#onSample = options.onSample;
  }

  /** Follows the sale, or lets it pass because another one is being followed. Call it right when the node has answered. */
  offer(sale: RecordedSale): void {
    const now = systemClock.monotonicMs();
    if (this.#isStopped || this.#following || now < this.#notBeforeMs || !this.#isConnected(sale.warehouse)) return;
    this.#following = this.#follow(sale, now).finally(() => {
      this.#following = undefined;
      this.#notBeforeMs = systemClock.monotonicMs() + this.#pauseMs;
    });
  }

  /** Follows nothing any more: a sale whose node has been stopped would never be seen. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#following;
  }

  /** The last sample is in. */
  async settled(): Promise<void> {
    await this.#following;
  }

  async #follow(sale: RecordedSale, answeredMs: number): Promise<void> {
    for (;;) {
      const isVisible = await this.#isVisible(sale);
      const elapsedMs = systemClock.monotonicMs() - answeredMs;
      // Cut meanwhile: what would be measured is the cut.
      if (this.#isStopped || !this.#isConnected(sale.warehouse)) return;
      if (isVisible || elapsedMs > GIVES_UP_MS) {
        return this.#onSample(Math.min(elapsedMs, GIVES_UP_MS), isVisible);
      }
      await systemClock.sleep(LOOK_PAUSE_MS);
    }
  }

  async #isVisible({ warehouse, sku, sequence }: RecordedSale): Promise<boolean> {
    // No answer means: not seen yet. Central may be starting again.
    const answer = await this.#central.availability(sku).catch(() => undefined);
    return (answer?.warehouses.find((share) => share.warehouse === warehouse)?.sequence ?? 0) >= sequence;
  }
}
