import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { type Channel, type ChannelRecord, DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { PromiseReader } from '../store/promise-store.ts';

/** Another process may have set one: found after this long. */
const REFRESH_PERIOD_MS = 1_000;

/** The channels that exist, in memory, so that the hottest read can ask without a promise whether one does. */
export class ChannelDirectory implements Service {
  readonly #reader: Pick<PromiseReader, 'channels'>;
  readonly #cancel: () => void;
  #records: ReadonlyMap<string, ChannelRecord> = new Map();

  private constructor(reader: Pick<PromiseReader, 'channels'>, clock: Clock) {
    this.#reader = reader;
    // One that fails leaves what is known; the reads themselves tell of a store that cannot be read.
    this.#cancel = clock.every(REFRESH_PERIOD_MS, () => void this.refresh().catch(() => undefined));
  }

  /** Resolves when it knows them. */
  static async start(reader: Pick<PromiseReader, 'channels'>, clock: Clock): Promise<ChannelDirectory> {
    const directory = new ChannelDirectory(reader, clock);
    try {
      await directory.refresh();
    } catch (error) {
      await directory.stop();
      throw error;
    }
    return directory;
  }

  /** The channel of this name, or `undefined` where there is none. */
  find(text: string): Channel | undefined {
    if (text === DEFAULT_CHANNEL) return DEFAULT_CHANNEL;
    return this.#records.get(text)?.channel;
  }

  /** By id. */
  all(): readonly ChannelRecord[] {
    return [...this.#records.values()];
  }

  one(channel: Channel): ChannelRecord | undefined {
    return this.#records.get(channel);
  }

  /** Reads them again: somebody has set one. */
  async refresh(): Promise<void> {
    const records = [...(await this.#reader.channels())].sort((a, b) => (a.channel < b.channel ? -1 : 1));
    this.#records = new Map(records.map((record) => [record.channel, record]));
  }

  async stop(): Promise<void> {
    this.#cancel();
  }
}
