import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel, ChannelRecord } from '../../../rules/channel.ts';
import type { BufferReader, ChannelReader, ChannelWriter } from '../../tables/channel-table.ts';

type ChannelRow = { channel: Channel; is_all: number; buffer: number };

export class SqliteChannelReader implements ChannelReader {
  readonly #all: Statement<[], ChannelRow>;
  readonly #one: Statement<[string], ChannelRow>;
  readonly #members: Statement<[string], { warehouse: WarehouseId }>;
  readonly #buffers: Statement<[string, string, number], { sku: Sku; buffer: number }>;

  constructor(database: Database) {
    this.#all = database.prepare('SELECT channel, is_all, buffer FROM channel ORDER BY channel');
    this.#one = database.prepare('SELECT channel, is_all, buffer FROM channel WHERE channel = ?');
    this.#members = database.prepare('SELECT warehouse FROM channel_warehouse WHERE channel = ? ORDER BY warehouse');
    this.#buffers = database.prepare(
      'SELECT sku, buffer FROM channel_buffer WHERE channel = ? AND sku > ? ORDER BY sku LIMIT ?',
    );
  }

  all(): readonly ChannelRecord[] {
    return this.#all.all().map((row) => this.#record(row));
  }

  get(channel: Channel): ChannelRecord | undefined {
    const row = this.#one.get(channel);
    return row === undefined ? undefined : this.#record(row);
  }

  buffers(channel: Channel, after: Sku | undefined, limit: number): readonly { sku: Sku; buffer: number }[] {
    return this.#buffers.all(channel, after ?? '', limit);
  }

  #record({ channel, is_all, buffer }: ChannelRow): ChannelRecord {
    const warehouses = is_all === 1 ? 'all' : this.#members.all(channel).map(({ warehouse }) => warehouse);
    return { channel, warehouses, buffer };
  }
}

export class SqliteChannelWriter implements ChannelWriter {
  readonly #upsert: Statement<[string, number, number]>;
  readonly #leave: Statement<[string]>;
  readonly #join: Statement<[string, string]>;
  readonly #setBuffer: Statement<[string, string, number]>;
  readonly #clearBuffer: Statement<[string, string]>;

  constructor(database: Database) {
    this.#upsert = database.prepare(`
      INSERT INTO channel (channel, is_all, buffer) VALUES (?, ?, ?)
      ON CONFLICT (channel) DO UPDATE SET is_all = excluded.is_all, buffer = excluded.buffer`);
    this.#leave = database.prepare('DELETE FROM channel_warehouse WHERE channel = ?');
    this.#join = database.prepare('INSERT INTO channel_warehouse (channel, warehouse) VALUES (?, ?)');
    this.#setBuffer = database.prepare(`
      INSERT INTO channel_buffer (channel, sku, buffer) VALUES (?, ?, ?)
      ON CONFLICT (channel, sku) DO UPDATE SET buffer = excluded.buffer`);
    this.#clearBuffer = database.prepare('DELETE FROM channel_buffer WHERE channel = ? AND sku = ?');
  }

  set({ channel, warehouses, buffer }: ChannelRecord): void {
    this.#upsert.run(channel, warehouses === 'all' ? 1 : 0, buffer);
    this.#leave.run(channel);
    if (warehouses !== 'all') for (const warehouse of new Set(warehouses)) this.#join.run(channel, warehouse);
  }

  setBuffer(channel: Channel, sku: Sku, buffer: number | undefined): void {
    if (buffer === undefined) this.#clearBuffer.run(channel, sku);
    else this.#setBuffer.run(channel, sku, buffer);
  }
}

export class SqliteBufferReader implements BufferReader {
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
