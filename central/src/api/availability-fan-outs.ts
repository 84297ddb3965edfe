import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { type Channel, DEFAULT_CHANNEL } from '../rules/channel.ts';
import { type AnswerSource, AvailabilityFanOut } from './availability-fan-out.ts';
import type { StoreLife } from './store-life.ts';

type Options = {
  readonly sourceOf: (channel: Channel) => AnswerSource;
  readonly life: Pick<StoreLife, 'current'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** One fan-out for each channel somebody has listened to; as many as there are channels at most. */
export class AvailabilityFanOuts implements Service {
  readonly #options: Options;
  readonly #starting = new Map<Channel, Promise<AvailabilityFanOut>>();
  readonly #running = new Set<AvailabilityFanOut>();
  #isStopped = false;

  private constructor(options: Options) {
    this.#options = options;
  }

  /** Resolves when streams of the channel that most listen to can begin. */
  static async start(options: Options): Promise<AvailabilityFanOuts> {
    const fanOuts = new AvailabilityFanOuts(options);
    await fanOuts.of(DEFAULT_CHANNEL);
    return fanOuts;
  }

  /** The fan-out of a channel that exists. */
  of(channel: Channel): Promise<AvailabilityFanOut> {
    const known = this.#starting.get(channel);
    if (known !== undefined) return known;
    const starting = this.#start(channel);
    this.#starting.set(channel, starting);
    // The next listener tries again.
    starting.catch(() => this.#starting.delete(channel));
    return starting;
  }

  get streamCount(): number {
    let count = 0;
    for (const fanOut of this.#running) count += fanOut.streamCount;
    return count;
  }

  /** Something may have changed in some channel. */
  wake(): void {
    for (const fanOut of this.#running) fanOut.wake();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#running].map((fanOut) => fanOut.stop()));
  }

  async #start(channel: Channel): Promise<AvailabilityFanOut> {
    const { sourceOf, life, clock, log } = this.#options;
    const fanOut = await AvailabilityFanOut.start({ source: sourceOf(channel), life, clock, log });
    this.#running.add(fanOut);
    if (this.#isStopped) await fanOut.stop();
    return fanOut;
  }
}
