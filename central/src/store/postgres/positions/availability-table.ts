import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Channel, ChannelRecord } from '../../../rules/channel.ts';
import type { ChangeNotice } from '../../central-store.ts';
import { GivenRevisions } from '../../rows/given-revisions.ts';
import { unitsIn, unitsOf } from '../../rows/unspent-changes.ts';
import type { AvailabilityWriter, UnspentChange } from '../../tables/availability-table.ts';
import type { ChannelReader } from '../../tables/channel-table.ts';
import type { PostgresUnsettledTable } from '../epochs/unsettled-table.ts';
import type { TakenOfSku } from '../promises/quota-table.ts';
import { firstRow, raiseStructure, type WritingSession } from '../session.ts';

/** Answers in one statement: each has four values there. */
const ANSWERS_PER_STATEMENT = 10_000;
const UNSPENT = 'p.granted - p.returned - p.allocated_sent - p.held';

type Known = { readonly structure: number; readonly channels: readonly ChannelRecord[] };

/**
 * Collects what changes of the answers, and writes it with one statement at the end: a transaction of ingest changes thousands.
 * Only who must know what is left of an answer (`take`, `available`) has that one written before.
 */
export class PostgresAvailabilityWriter implements AvailabilityWriter {
  readonly #session: WritingSession;
  readonly #channelTable: Pick<ChannelReader, 'all'>;
  readonly #unsettled: PostgresUnsettledTable;
  #known: Known | undefined;
  #areChannelsTouched = false;
  /** Units to be added to each answer; an answer that only gets another revision has 0. */
  #pending = new Map<Sku, Map<Channel, number>>();
  readonly #revisions = new GivenRevisions(() => this.#session.meta.revision);
  #risen = new Set<Sku>();
  #excluded: WarehouseId[] = [];

  constructor(
    session: WritingSession,
    tables: { readonly channels: Pick<ChannelReader, 'all'>; readonly unsettled: PostgresUnsettledTable },
  ) {
    this.#session = session;
    this.#channelTable = tables.channels;
    this.#unsettled = tables.unsettled;
  }

  begin(): void {
    this.#pending = new Map();
    this.#revisions.begin();
    this.#risen = new Set();
    this.#excluded = [];
    if (this.#areChannelsTouched) this.#known = undefined;
    this.#areChannelsTouched = false;
  }

  async available(channel: Channel, sku: Sku): Promise<number> {
    await this.#writeFor(channel, sku);
    const row = await firstRow<{ available: number }>(
      this.#session,
      'SELECT greatest(0, unspent - buffer) AS available FROM availability WHERE sku = $1 AND channel = $2',
      [sku, channel],
    );
    return row?.available ?? 0;
  }

  async change(sku: Sku, told: readonly UnspentChange[]): Promise<void> {
    const changes: UnspentChange[] = [];
    for (const one of told) if (!(await this.#unsettled.has(one.warehouse))) changes.push(one);
    if (changes.some(({ units }) => units > 0)) this.#risen.add(sku);
    await this.#show(sku);
    for (const channel of await this.#channels()) this.#changeIn(channel, sku, changes);
  }

  /**
   * Takes units of SKUs from what a channel offers, and so from every other channel of the same warehouses. False when the
   * channel, less its buffer, has not so many of some SKU: then the transaction is of no more use.
   */
  async take(channel: Channel, taken: readonly TakenOfSku[]): Promise<boolean> {
    for (const [sku] of taken) await this.#writeFor(channel, sku);
    // P3: the rule is in the statement.
    const count = await this.#session.run(
      `UPDATE availability a SET unspent = a.unspent - taken.units
      FROM unnest($1::text[], $2::bigint[]) AS taken (sku, units)
      WHERE a.sku = taken.sku AND a.channel = $3 AND a.unspent - a.buffer >= taken.units`,
      [taken.map(([sku]) => sku), taken.map(([, changes]) => -unitsOf(changes)), channel],
    );
    if (count < taken.length) return false;
    for (const [sku, changes] of taken) {
      await this.#show(sku);
      for (const other of await this.#channels()) if (other.channel !== channel) this.#changeIn(other, sku, changes);
    }
    return true;
  }

  async bufferChanged(channel: Channel, sku: Sku): Promise<void> {
    const count = await this.#session.run(
      `UPDATE availability a SET buffer = now.buffer
       FROM (SELECT coalesce(b.buffer, c.buffer) AS buffer
         FROM channel c LEFT JOIN channel_buffer b ON b.channel = c.channel AND b.sku = $1
         WHERE c.channel = $2) now
       WHERE a.sku = $1 AND a.channel = $2 AND a.buffer <> now.buffer`,
      [sku, channel],
    );
    if (count === 0) return;
    this.#risen.add(sku);
    await this.#show(sku);
  }

  async rebuild(channel: Channel): Promise<void> {
    await this.#write([...this.#pending.keys()]);
    this.#known = undefined;
    this.#areChannelsTouched = true;
    await raiseStructure(this.#session);
    const notices = await this.#session.rows<ChangeNotice>(REBUILD, [channel, this.#revisions.latest()]);
    await this.#session.send(
      `UPDATE availability other SET revision = rebuilt.revision
       FROM availability rebuilt
       WHERE rebuilt.channel = $1 AND other.sku = rebuilt.sku AND other.channel <> $1`,
      [channel],
    );
    this.#revisions.took(notices);
  }

  async recount(sku: Sku): Promise<void> {
    this.#risen.add(sku);
    // What was noted of it is in the positions that are summed up.
    this.#pending.delete(sku);
    await this.#session.send(RECOUNT, [sku, this.#revisions.of(sku)]);
  }

  async exclude(warehouse: WarehouseId): Promise<void> {
    if (await this.#unsettled.has(warehouse)) return;
    await this.#changeAt(warehouse, -1);
    await this.#unsettled.add(warehouse);
    this.#excluded.push(warehouse);
  }

  async include(warehouse: WarehouseId): Promise<void> {
    await this.#unsettled.remove(warehouse);
    await this.#changeAt(warehouse, 1);
  }

  takeRisen(): readonly Sku[] {
    const risen = [...this.#risen];
    this.#risen = new Set();
    return risen;
  }

  excluded(): readonly WarehouseId[] {
    return this.#excluded;
  }

  async end(): Promise<readonly ChangeNotice[]> {
    await this.#write([...this.#pending.keys()]);
    const { last } = this.#revisions;
    if (last !== undefined) await this.#session.send('UPDATE meta SET revision = $1 WHERE id = 1', [last]);
    return this.#revisions.notices();
  }

  /** Sees to it that all channels show the SKU's revision of this transaction, and that there is an answer in each. */
  async #show(sku: Sku): Promise<void> {
    if (this.#revisions.has(sku)) return;
    this.#revisions.of(sku);
    for (const { channel } of await this.#channels()) this.#add(sku, channel, 0);
  }

  async #changeAt(warehouse: WarehouseId, sign: 1 | -1): Promise<void> {
    const rows = await this.#session.rows<{ sku: Sku; units: number }>(
      `SELECT p.sku, ${UNSPENT} AS units FROM position p
       WHERE p.warehouse = $1 AND p.granted > 0 AND ${UNSPENT} <> 0 ORDER BY p.sku`,
      [warehouse],
    );
    for (const { sku, units } of rows) await this.change(sku, [{ warehouse, units: sign * units }]);
  }

  #changeIn(channel: ChannelRecord, sku: Sku, changes: readonly UnspentChange[]): void {
    const units = unitsIn(channel, changes);
    if (units !== 0) this.#add(sku, channel.channel, units);
  }

  #add(sku: Sku, channel: Channel, units: number): void {
    let ofSku = this.#pending.get(sku);
    if (ofSku === undefined) {
      ofSku = new Map();
      this.#pending.set(sku, ofSku);
    }
    ofSku.set(channel, (ofSku.get(channel) ?? 0) + units);
  }

  /** Writes what was noted of an answer that is about to be read. */
  async #writeFor(channel: Channel, sku: Sku): Promise<void> {
    if (this.#pending.get(sku)?.get(channel)) await this.#write([sku]);
  }

  async #write(skus: readonly Sku[]): Promise<void> {
    const answers = skus.toSorted().flatMap((sku) =>
      Array.from(this.#pending.get(sku) ?? [], ([channel, units]) => {
        return { sku, channel, units, revision: this.#revisions.of(sku) };
      }),
    );
    for (const sku of skus) this.#pending.delete(sku);
    for (let first = 0; first < answers.length; first += ANSWERS_PER_STATEMENT) {
      const page = answers.slice(first, first + ANSWERS_PER_STATEMENT);
      await this.#session.send(WRITE, [
        page.map(({ sku }) => sku),
        page.map(({ channel }) => channel),
        page.map(({ units }) => units),
        page.map(({ revision }) => revision),
      ]);
    }
  }

  /** Kept at hand for as long as no process has changed them (`meta.structure`). */
  async #channels(): Promise<readonly ChannelRecord[]> {
    const { structure } = this.#session.meta;
    if (this.#known?.structure !== structure) this.#known = { structure, channels: await this.#channelTable.all() };
    return this.#known.channels;
  }
}

/** Not an upsert: its checks would be made of what is added, which may be fewer than none. */
const WRITE = `
  WITH told AS (
    SELECT sku, channel, units, revision
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS t (sku, channel, units, revision)
  ), changed AS (
    UPDATE availability a SET unspent = a.unspent + told.units, revision = told.revision
    FROM told WHERE a.sku = told.sku AND a.channel = told.channel
    RETURNING a.sku, a.channel
  )
  INSERT INTO availability (sku, channel, unspent, buffer, revision)
  SELECT told.sku, told.channel, told.units, coalesce(b.buffer, c.buffer), told.revision
  FROM told JOIN channel c ON c.channel = told.channel
    LEFT JOIN channel_buffer b ON b.channel = told.channel AND b.sku = told.sku
  WHERE NOT EXISTS (SELECT 1 FROM changed WHERE changed.sku = told.sku AND changed.channel = told.channel)`;

const REBUILD = `
  INSERT INTO availability (sku, channel, unspent, buffer, revision)
  SELECT p.sku, c.channel,
    coalesce(sum(${UNSPENT}) FILTER (WHERE (c.is_all OR m.warehouse IS NOT NULL) AND u.warehouse IS NULL), 0)::bigint,
    coalesce((SELECT b.buffer FROM channel_buffer b WHERE b.channel = c.channel AND b.sku = p.sku), c.buffer),
    $2 + row_number() OVER (ORDER BY p.sku)
  FROM channel c CROSS JOIN position p
    LEFT JOIN channel_warehouse m ON m.channel = c.channel AND m.warehouse = p.warehouse
    LEFT JOIN unsettled u ON u.warehouse = p.warehouse
  WHERE c.channel = $1 GROUP BY p.sku, c.channel, c.buffer
  ON CONFLICT (sku, channel) DO UPDATE SET
    unspent = excluded.unspent, buffer = excluded.buffer, revision = excluded.revision
  RETURNING sku, revision`;

const RECOUNT = `
  INSERT INTO availability (sku, channel, unspent, buffer, revision)
  SELECT $1::text, c.channel,
    (SELECT coalesce(sum(${UNSPENT}), 0)::bigint
      FROM position p LEFT JOIN channel_warehouse m ON m.channel = c.channel AND m.warehouse = p.warehouse
      WHERE p.sku = $1 AND (c.is_all OR m.warehouse IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM unsettled u WHERE u.warehouse = p.warehouse)),
    coalesce(b.buffer, c.buffer), $2::bigint
  FROM channel c LEFT JOIN channel_buffer b ON b.channel = c.channel AND b.sku = $1
  ON CONFLICT (sku, channel) DO UPDATE SET unspent = excluded.unspent, revision = excluded.revision`;
