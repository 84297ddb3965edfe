import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel, ChannelRecord } from '../../../rules/channel.ts';
import type { ChangeNotice } from '../../central-store.ts';
import { GivenRevisions } from '../../rows/given-revisions.ts';
import { unitsIn, unitsOf } from '../../rows/unspent-changes.ts';
import type { AvailabilityWriter, UnspentChange } from '../../tables/availability-table.ts';
import { SqliteChannelReader } from '../catalogue/channel-table.ts';
import type { SqliteUnsettledTable } from '../epochs/unsettled-table.ts';

export class SqliteAvailabilityWriter implements AvailabilityWriter {
  readonly #channelTable: SqliteChannelReader;
  readonly #unsettled: SqliteUnsettledTable;
  #channels: readonly ChannelRecord[] | undefined;
  #areChannelsTouched = false;
  readonly #revisions = new GivenRevisions(() => this.#loadRevision.get()?.revision ?? 0);
  #risen = new Set<Sku>();
  #excluded: WarehouseId[] = [];
  readonly #available: Statement<[string, string], { available: number }>;
  readonly #changeAll: Statement<[number, number, string]>;
  readonly #changeOne: Statement<[number, string, string]>;
  readonly #take: Statement<[number, string, string, number]>;
  readonly #insert: Statement<[{ sku: string; units: number; revision: number }]>;
  readonly #setBuffer: Statement<[{ sku: string; channel: string }]>;
  readonly #rebuild: Statement<[{ channel: string; revision: number }], ChangeNotice>;
  readonly #recount: Statement<[{ sku: string }]>;
  readonly #follow: Statement<[{ channel: string }]>;
  readonly #loadRevision: Statement<[], { revision: number }>;
  readonly #saveRevision: Statement<[number]>;
  readonly #unspentAt: Statement<[string], { sku: Sku; units: number }>;

  constructor(database: Database, unsettled: SqliteUnsettledTable) {
    this.#unsettled = unsettled;
    this.#channelTable = new SqliteChannelReader(database);
    this.#available = database.prepare(
      'SELECT max(0, unspent - buffer) AS available FROM availability WHERE sku = ? AND channel = ?',
    );
    this.#changeAll = database.prepare('UPDATE availability SET unspent = unspent + ?, revision = ? WHERE sku = ?');
    this.#changeOne = database.prepare('UPDATE availability SET unspent = unspent + ? WHERE sku = ? AND channel = ?');
    // P3: the rule is in the statement.
    this.#take = database.prepare(
      'UPDATE availability SET unspent = unspent - ? WHERE sku = ? AND channel = ? AND unspent - buffer >= ?',
    );
    this.#insert = database.prepare(`
      INSERT INTO availability (sku, channel, unspent, buffer, revision)
      SELECT @sku, c.channel, @units, coalesce(b.buffer, c.buffer), @revision
      FROM channel c LEFT JOIN channel_buffer b ON b.channel = c.channel AND b.sku = @sku`);
    const buffer = `coalesce(
      (SELECT buffer FROM channel_buffer WHERE channel = @channel AND sku = @sku),
      (SELECT buffer FROM channel WHERE channel = @channel))`;
    this.#setBuffer = database.prepare(
      `UPDATE availability SET buffer = ${buffer} WHERE sku = @sku AND channel = @channel AND buffer <> ${buffer}`,
    );
    this.#rebuild = database.prepare(`
      INSERT INTO availability (sku, channel, unspent, buffer, revision)
      SELECT p.sku, c.channel,
        sum(iif((c.is_all OR m.warehouse IS NOT NULL) AND u.warehouse IS NULL,
          p.granted - p.returned - p.allocated_sent - p.held, 0)),
        coalesce((SELECT b.buffer FROM channel_buffer b WHERE b.channel = c.channel AND b.sku = p.sku), c.buffer),
        @revision + row_number() OVER (ORDER BY p.sku)
      FROM channel c CROSS JOIN position p
        LEFT JOIN channel_warehouse m ON m.channel = c.channel AND m.warehouse = p.warehouse
        LEFT JOIN unsettled u ON u.warehouse = p.warehouse
      WHERE c.channel = @channel GROUP BY p.sku
      ON CONFLICT (sku, channel) DO UPDATE SET
        unspent = excluded.unspent, buffer = excluded.buffer, revision = excluded.revision
      RETURNING sku, revision`);
    this.#recount = database.prepare(`
      UPDATE availability SET unspent = (
        SELECT coalesce(sum(p.granted - p.returned - p.allocated_sent - p.held), 0)
        FROM position p JOIN channel c ON c.channel = availability.channel
          LEFT JOIN channel_warehouse m ON m.channel = c.channel AND m.warehouse = p.warehouse
        WHERE p.sku = @sku AND (c.is_all OR m.warehouse IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM unsettled u WHERE u.warehouse = p.warehouse))
      WHERE sku = @sku`);
    this.#follow = database.prepare(`
      UPDATE availability SET revision =
        (SELECT a.revision FROM availability a WHERE a.sku = availability.sku AND a.channel = @channel)
      WHERE channel <> @channel`);
    this.#unspentAt = database.prepare(`
      SELECT sku, granted - returned - allocated_sent - held AS units FROM position
      WHERE warehouse = ? AND granted > 0 ORDER BY sku`);
    this.#loadRevision = database.prepare('SELECT revision FROM meta WHERE id = 1');
    this.#saveRevision = database.prepare('UPDATE meta SET revision = ? WHERE id = 1');
  }

  /** Forgets what a transaction that failed has left. */
  begin(): void {
    this.#revisions.begin();
    this.#risen = new Set();
    this.#excluded = [];
    if (this.#areChannelsTouched) this.#channels = undefined;
    this.#areChannelsTouched = false;
  }

  available(channel: Channel, sku: Sku): number {
    return this.#available.get(sku, channel)?.available ?? 0;
  }

  change(sku: Sku, told: readonly UnspentChange[]): void {
    const changes = this.#unsettled.isEmpty ? told : told.filter(({ warehouse }) => !this.#unsettled.has(warehouse));
    if (changes.some(({ units }) => units > 0)) this.#risen.add(sku);
    const channels = this.#allChannels();
    // By far the most: a sale that leaves the quota as it is, or channels that sell from everywhere.
    if (changes.every(({ units }) => units === 0) || channels.every(({ warehouses }) => warehouses === 'all')) {
      this.#show(sku, unitsOf(changes));
      return;
    }
    this.#show(sku, 0);
    for (const channel of channels) this.#changeIn(channel, sku, changes);
  }

  /**
   * Takes units of a SKU from what a channel offers, and so from every other channel of the same warehouses. False when the
   * channel, less its buffer, has not so many: then nothing is changed.
   */
  take(channel: Channel, sku: Sku, taken: readonly UnspentChange[]): boolean {
    const units = -unitsOf(taken);
    if (this.#take.run(units, sku, channel, units).changes === 0) return false;
    this.#show(sku, 0);
    for (const other of this.#allChannels()) if (other.channel !== channel) this.#changeIn(other, sku, taken);
    return true;
  }

  /** A SKU may have another buffer in a channel. One that nobody has ever had has no answer yet: it finds its buffer then. */
  bufferChanged(channel: Channel, sku: Sku): void {
    if (this.#setBuffer.run({ sku, channel }).changes === 0) return;
    this.#risen.add(sku);
    this.#show(sku, 0);
  }

  /** A channel is new, or has other warehouses or another buffer: all its answers, and a revision for each. */
  rebuild(channel: Channel): void {
    this.#channels = undefined;
    this.#areChannelsTouched = true;
    const notices = this.#rebuild.all({ channel, revision: this.#revisions.latest() });
    this.#follow.run({ channel });
    this.#revisions.took(notices);
  }

  /** Positions of a SKU were repaired: its answers are summed up anew, since nobody knows what they were made of. */
  recount(sku: Sku): void {
    this.#risen.add(sku);
    this.#show(sku, 0);
    this.#recount.run({ sku });
  }

  /** A warehouse is no longer settled: what it adds to the answers goes out of them. */
  exclude(warehouse: WarehouseId): void {
    if (this.#unsettled.has(warehouse)) return;
    this.#changeAt(warehouse, -1);
    this.#unsettled.add(warehouse);
    this.#excluded.push(warehouse);
  }

  /** A warehouse is settled: the answers count it from now on. */
  include(warehouse: WarehouseId): void {
    this.#unsettled.remove(warehouse);
    this.#changeAt(warehouse, 1);
  }

  /** SKUs of which some warehouse has more unspent quota than before, since this was last asked. */
  takeRisen(): readonly Sku[] {
    const risen = [...this.#risen];
    this.#risen = new Set();
    return risen;
  }

  /** Warehouses that are no longer settled since this transaction began. */
  excluded(): readonly WarehouseId[] {
    return this.#excluded;
  }

  /** The answers that changed, in the order of their revisions. */
  end(): readonly ChangeNotice[] {
    const { last } = this.#revisions;
    if (last !== undefined) this.#saveRevision.run(last);
    return this.#revisions.notices();
  }

  /** Adds units to all channels and shows the revision in each; an answer is made when there is none yet. */
  #show(sku: Sku, units: number): void {
    // In a group on one SKU only the first has anything to show: a third of what its reservations wrote of answers was this.
    if (units === 0 && this.#revisions.has(sku)) return;
    const revision = this.#revisions.of(sku);
    if (this.#changeAll.run(units, revision, sku).changes === 0) this.#insert.run({ sku, units, revision });
  }

  #changeAt(warehouse: WarehouseId, sign: 1 | -1): void {
    for (const { sku, units } of this.#unspentAt.all(warehouse)) {
      if (units !== 0) this.change(sku, [{ warehouse, units: sign * units }]);
    }
  }

  #changeIn(channel: ChannelRecord, sku: Sku, changes: readonly UnspentChange[]): void {
    const units = unitsIn(channel, changes);
    if (units !== 0) this.#changeOne.run(units, sku, channel.channel);
  }

  /** Read once and kept: this is the only writer, and it is told of every change. */
  #allChannels(): readonly ChannelRecord[] {
    this.#channels ??= this.#channelTable.all();
    return this.#channels;
  }
}
