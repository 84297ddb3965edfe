import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Channel, ChannelRecord } from '../../../rules/channel.ts';
import type { ChannelReader, ChannelWriter } from '../../tables/channel-table.ts';
import { firstRow, raiseStructure, type Session } from '../session.ts';

type ChannelRow = {
  readonly channel: Channel;
  readonly isAll: boolean;
  readonly buffer: number;
  readonly members: readonly WarehouseId[];
};

/** Whole: a reader needs no second statement, and so no transaction, to see one committed state of it. */
const CHANNEL = `
  SELECT c.channel, c.is_all AS "isAll", c.buffer,
    (SELECT coalesce(json_agg(m.warehouse ORDER BY m.warehouse), '[]') FROM channel_warehouse m
      WHERE m.channel = c.channel) AS members
  FROM channel c`;

/** `ChannelReader` on PostgreSQL. */
export class PostgresChannelReader implements ChannelReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async all(): Promise<readonly ChannelRecord[]> {
    const rows = await this.#session.rows<ChannelRow>(`${CHANNEL} ORDER BY c.channel`);
    return rows.map(recordOf);
  }

  async get(channel: Channel): Promise<ChannelRecord | undefined> {
    const row = await firstRow<ChannelRow>(this.#session, `${CHANNEL} WHERE c.channel = $1`, [channel]);
    return row && recordOf(row);
  }

  async buffers(
    channel: Channel,
    after: Sku | undefined,
    limit: number,
  ): Promise<readonly { readonly sku: Sku; readonly buffer: number }[]> {
    return this.#session.rows<{ sku: Sku; buffer: number }>(
      'SELECT sku, buffer FROM channel_buffer WHERE channel = $1 AND sku > $2 ORDER BY sku LIMIT $3',
      [channel, after ?? '', limit],
    );
  }
}

/** `ChannelWriter` on PostgreSQL. */
export class PostgresChannelWriter implements ChannelWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async set({ channel, warehouses, buffer }: ChannelRecord): Promise<void> {
    const members = warehouses === 'all' ? [] : [...new Set(warehouses)];
    await this.#session.send(
      `INSERT INTO channel (channel, is_all, buffer) VALUES ($1, $2, $3)
      ON CONFLICT (channel) DO UPDATE SET is_all = excluded.is_all, buffer = excluded.buffer`,
      [channel, warehouses === 'all', buffer],
    );
    await this.#session.send('DELETE FROM channel_warehouse WHERE channel = $1', [channel]);
    await this.#session.send(
      'INSERT INTO channel_warehouse (channel, warehouse) SELECT $1, warehouse FROM unnest($2::text[]) AS warehouse',
      [channel, members],
    );
    // Writers keep the channels at hand.
    await raiseStructure(this.#session);
  }

  async setBuffer(channel: Channel, sku: Sku, buffer: number | undefined): Promise<void> {
    if (buffer === undefined) {
      await this.#session.send('DELETE FROM channel_buffer WHERE channel = $1 AND sku = $2', [channel, sku]);
      return;
    }
    await this.#session.send(
      `INSERT INTO channel_buffer (channel, sku, buffer) VALUES ($1, $2, $3)
      ON CONFLICT (channel, sku) DO UPDATE SET buffer = excluded.buffer`,
      [channel, sku, buffer],
    );
  }
}

function recordOf({ channel, isAll, buffer, members }: ChannelRow): ChannelRecord {
  return { channel, warehouses: isAll ? 'all' : members, buffer };
}
