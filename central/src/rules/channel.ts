import type { Brand, WarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';

/** Id of a place that sells: a web shop, a marketplace account. */
export type Channel = Brand<string, 'Channel'>;

const PATTERN = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The channel id, or `undefined` when the text cannot be one: 1 to 32 lower-case letters, digits and hyphens. */
export function parseChannel(text: string): Channel | undefined {
  return PATTERN.test(text) ? (text as Channel) : undefined;
}

/** The channel there always is; who names none means this one. */
export const DEFAULT_CHANNEL: Channel = must(parseChannel('default'), 'a channel id');

/** How a channel sells. */
export type ChannelRecord = {
  readonly channel: Channel;
  /** Whose quota it may promise; `all` also means those that are enrolled later. */
  readonly warehouses: readonly WarehouseId[] | 'all';
  /** Units of each SKU that it keeps unsold, unless a SKU has a buffer of its own. */
  readonly buffer: number;
};
