import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Channel, ChannelRecord } from '../../../rules/channel.ts';
import type { ChannelReader, ChannelWriter } from '../../tables/channel-table.ts';
import type { Meta, WritingSession } from '../session.ts';
import { PostgresChannelReader, PostgresChannelWriter } from './channel-table.ts';

/**
 * The channels as the writer knows them: every promise asks for one, and they hardly ever change. Kept at hand for as long as no
 * process has changed them (`meta.structure`); a transaction that changes them reads them anew, each time it asks.
 */
export class KnownChannels implements ChannelReader, ChannelWriter {
  readonly #session: WritingSession;
  readonly #reader: ChannelReader;
  readonly #writer: ChannelWriter;
  #known: { readonly structure: number; readonly channels: readonly ChannelRecord[] } | undefined;
  /** The last transaction that changed them: what it found is committed under a number that it does not know. */
  #changedIn: Meta | undefined;

  constructor(session: WritingSession) {
    this.#session = session;
    this.#reader = new PostgresChannelReader(session);
    this.#writer = new PostgresChannelWriter(session);
  }

  async all(): Promise<readonly ChannelRecord[]> {
    const { meta } = this.#session;
    if (this.#changedIn === meta) return this.#reader.all();
    const { structure } = meta;
    if (this.#known?.structure !== structure) this.#known = { structure, channels: await this.#reader.all() };
    return this.#known.channels;
  }

  async get(channel: Channel): Promise<ChannelRecord | undefined> {
    return (await this.all()).find((one) => one.channel === channel);
  }

  async set(record: ChannelRecord): Promise<void> {
    this.#changedIn = this.#session.meta;
    await this.#writer.set(record);
  }

  async setBuffer(channel: Channel, sku: Sku, buffer: number | undefined): Promise<void> {
    await this.#writer.setBuffer(channel, sku, buffer);
  }
}
