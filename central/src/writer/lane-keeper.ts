import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import { laneStep } from '../rules/lane-share.ts';
import type { SharedStore } from '../store/shared-store.ts';
import { StoreFailing } from '../store/store-failing.ts';

export type LaneKeeperOptions = {
  readonly shared: Pick<SharedStore, 'beat' | 'claim' | 'release' | 'leave'>;
  /** Name of this process among the workers, like no other's. */
  readonly worker: string;
  /** How many there are. */
  readonly lanes: number;
  readonly clock: Clock;
  readonly log: Log;
  /** False while it could do nothing with a shard, for want of a link to the broker: then others should have them. */
  readonly isAble: () => boolean;
  /** It owns these from now on, before anybody asks; resolves when what is to be known of them is known. */
  readonly onGained: (lanes: readonly number[]) => Promise<void>;
  /** It owns these no longer; resolves when nothing of them is read any more. */
  readonly onLost: (lanes: readonly number[]) => Promise<void>;
  readonly onFailed: (error: unknown) => void;
};

/**
 * Which shards of the nodes this process takes in. Workers of one store share them evenly, each for a term that it renews: of one
 * that dies, the others take over after its term, and one that cannot renew stops before its own ends. Two that believe to own the
 * same shard for a moment do each other's work twice, and no harm: batches are applied where the node's cursor stands.
 */
export class LaneKeeper implements Service {
  readonly #options: LaneKeeperOptions;
  readonly #cancels: (() => void)[];
  readonly #owned = new Set<number>();
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #beating: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: LaneKeeperOptions) {
    this.#options = options;
    const { clock } = options;
    this.#cancels = [
      clock.every(centralLimits.laneBeatMs, () => this.#start(() => this.#beat())),
      clock.every(centralLimits.laneExpiryCheckMs, () => {
        if (this.#owned.size > 0 && !this.#isValid()) this.#start(() => this.#lose([...this.#owned]));
      }),
    ];
    this.#start(() => this.#beat());
  }

  owns(lane: number): boolean {
    return this.#owned.has(lane) && this.#isValid();
  }

  get owned(): readonly number[] {
    return this.#isValid() ? [...this.#owned].sort((a, b) => a - b) : [];
  }

  /** Others may have what it had at once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
    await this.#beating;
    await this.#lose([...this.#owned]);
    const { shared, worker } = this.#options;
    try {
      await shared.leave(worker);
    } catch (error) {
      // Then they wait for the end of its term.
      if (!(error instanceof StoreFailing)) throw error;
    }
  }

  #isValid(): boolean {
    return this.#options.clock.monotonicMs() < this.#validUntilMs;
  }

  /** One at a time: what is asked for meanwhile comes again by itself. */
  #start(step: () => Promise<void>): void {
    if (this.#isStopped || this.#beating !== undefined) return;
    this.#beating = step()
      .catch((error: unknown) => {
        // It is tried again in a moment, and what it owns is given up when its term ends.
        if (!(error instanceof StoreFailing)) this.#options.onFailed(error);
      })
      .finally(() => {
        this.#beating = undefined;
      });
  }

  async #beat(): Promise<void> {
    const { shared, worker, lanes, clock, isAble } = this.#options;
    if (!isAble()) return this.#standAside();
    const termMs = centralLimits.laneTermMs;
    const sentAtMs = clock.monotonicMs();
    const { workers, owned } = await shared.beat(worker, termMs);
    const lost = [...this.#owned].filter((lane) => !owned.includes(lane));
    if (lost.length > 0) await this.#lose(lost);
    const { give, ask } = laneStep({ lanes, workers, owned });
    if (give.length > 0) {
      await this.#lose(give);
      await shared.release(worker, give);
    }
    const claimed = ask === 0 ? [] : await shared.claim(worker, ask, termMs);
    // Counted from before the question, since nobody knows how long it was under way.
    this.#validUntilMs = sentAtMs + termMs - centralLimits.laneMarginMs;
    await this.#gain([...owned.filter((lane) => !give.includes(lane)), ...claimed]);
  }

  async #standAside(): Promise<void> {
    if (this.#owned.size === 0) return;
    await this.#lose([...this.#owned]);
    await this.#options.shared.leave(this.#options.worker);
  }

  async #gain(lanes: readonly number[]): Promise<void> {
    const gained = lanes.filter((lane) => !this.#owned.has(lane));
    if (gained.length === 0) return;
    await this.#options.onGained(gained);
    for (const lane of gained) this.#owned.add(lane);
    this.#options.log.info({ gained, owned: this.owned }, 'shards taken over');
  }

  async #lose(lanes: readonly number[]): Promise<void> {
    if (lanes.length === 0) return;
    for (const lane of lanes) this.#owned.delete(lane);
    await this.#options.onLost(lanes);
    this.#options.log.info({ lost: lanes, owned: this.owned }, 'shards given up');
  }
}
