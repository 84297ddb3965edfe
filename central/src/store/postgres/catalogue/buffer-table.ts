import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Channel } from '../../../rules/channel.ts';
import type { BufferReader } from '../../tables/channel-table.ts';
import { firstRow, type Session } from '../session.ts';

/** `BufferReader` on PostgreSQL. */
export class PostgresBufferReader implements BufferReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async of(channel: Channel, sku: Sku): Promise<number> {
    const row = await firstRow<{ buffer: number }>(
      this.#session,
      `SELECT coalesce(b.buffer, c.buffer) AS buffer
      FROM channel c LEFT JOIN channel_buffer b ON b.channel = c.channel AND b.sku = $2
      WHERE c.channel = $1`,
      [channel, sku],
    );
    return row?.buffer ?? 0;
  }
}
