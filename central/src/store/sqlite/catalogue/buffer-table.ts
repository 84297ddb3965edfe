import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel } from '../../../rules/channel.ts';

/** Reads how many units of a SKU a channel keeps unsold. */
export class BufferReader {
  readonly #of: Statement<[{ channel: string; sku: string }], { buffer: number }>;

  constructor(database: Database) {
    this.#of = database.prepare(`
      SELECT coalesce(b.buffer, c.buffer) AS buffer
      FROM channel c LEFT JOIN channel_buffer b ON b.channel = c.channel AND b.sku = @sku
      WHERE c.channel = @channel`);
  }

  of(channel: Channel, sku: Sku): number {
    return this.#of.get({ channel, sku })?.buffer ?? 0;
  }
}
