import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { Channel, ChannelRecord } from '../../rules/channel.ts';

/** Reads which places sell, whose quota they may promise, and what they keep unsold. */
export interface ChannelReader {
  /** By name; there are few. */
  all(): Awaitable<readonly ChannelRecord[]>;
  get(channel: Channel): Awaitable<ChannelRecord | undefined>;
}

/** Writes channels, inside a transaction of its caller, which tells `AvailabilityWriter` of it. */
export interface ChannelWriter {
  set(record: ChannelRecord): Awaitable<void>;
  /** Without a number the channel's own counts again. */
  setBuffer(channel: Channel, sku: Sku, buffer: number | undefined): Awaitable<void>;
}

/** Reads how many units of a SKU a channel keeps unsold. */
export interface BufferReader {
  of(channel: Channel, sku: Sku): Awaitable<number>;
}
