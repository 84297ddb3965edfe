import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Channel } from '../../../rules/channel.ts';
import type { Offer, SourcedHold } from '../../../rules/sourcing.ts';
import {
  DEFICIT_COLUMNS,
  type DeficitRow,
  deficitOfRow,
  KNOWN_COLUMNS,
  type KnownRow,
  knownQuotaOf,
  type OfferRow,
  offerOf,
  UNSPENT,
} from '../../rows/quota-row.ts';
import { changesBy } from '../../rows/unspent-changes.ts';
import type { AvailabilityWriter, UnspentChange } from '../../tables/availability-table.ts';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import type { DeficitPlace } from '../../tables/position-table.ts';
import type { GivenBack, HeldUnits, KnownQuota, Offered, QuotaTable } from '../../tables/quota-table.ts';
import { firstRow, type Session } from '../session.ts';

const IS_SHORT = 'reserved + committed + quota > greatest(0, on_hand - greatest(0, unsellable))';

/** Units of a SKU that are taken, and where. */
export type TakenOfSku = readonly [sku: Sku, changes: readonly UnspentChange[]];

/** The answers, as far as quotas change them. */
export type QuotaAnswers = Pick<AvailabilityWriter, 'change'> & {
  /** Units that a channel may promise of a SKU, as the transaction has left them: never negative. */
  available(channel: Channel, sku: Sku): Promise<number>;
  /** False when the channel, less its buffer, has not so many of some SKU: then the transaction is of no more use. */
  take(channel: Channel, taken: readonly TakenOfSku[]): Promise<boolean>;
};

/** `QuotaTable` on PostgreSQL. As on SQLite, no statement lets what is unspent fall below zero (P3). */
export class PostgresQuotaTable implements QuotaTable {
  readonly #session: Session;
  readonly #availability: QuotaAnswers;
  readonly #unsettled: Pick<UnsettledTable, 'has'>;
  #freed: DeficitPlace[] = [];

  constructor(session: Session, availability: QuotaAnswers, unsettled: Pick<UnsettledTable, 'has'>) {
    this.#session = session;
    this.#availability = availability;
    this.#unsettled = unsettled;
  }

  begin(): void {
    this.#freed = [];
  }

  async offers(channel: Channel, sku: Sku, now: number): Promise<readonly Offer[]> {
    return this.#offersOf(channel, [sku], now);
  }

  /** Asked together. What the answers still have to write goes before its question. */
  async offered(channel: Channel, skus: readonly Sku[], now: number): Promise<ReadonlyMap<Sku, Offered>> {
    const [offers, available] = await Promise.all([
      this.#offersOf(channel, skus, now),
      Promise.all(skus.map((sku) => this.#availability.available(channel, sku))),
    ]);
    const bySku = Map.groupBy(offers, ({ sku }) => sku);
    return new Map(
      skus.map((sku, place) => {
        const units = available[place] ?? 0;
        return [sku, { available: units, offers: units === 0 ? [] : (bySku.get(sku) ?? []) }];
      }),
    );
  }

  async hold(channel: Channel, holds: readonly SourcedHold[]): Promise<void> {
    const taken = Array.from(
      Map.groupBy(holds, ({ sku }) => sku),
      ([sku, ofSku]): TakenOfSku => [sku, changesBy(ofSku, -1)],
    );
    // Asked together: where either has not so many, the transaction fails.
    const [isTaken] = await Promise.all([this.#availability.take(channel, taken), this.#holdEach(holds)]);
    assert(isTaken, () => `${channel} does not have so many of ${taken.map(([sku]) => sku).join(', ')}`);
  }

  async holdMoved(holds: readonly SourcedHold[]): Promise<void> {
    await this.#holdEach(holds);
    for (const [sku, ofSku] of Map.groupBy(holds, ({ sku }) => sku)) {
      await this.#availability.change(sku, changesBy(ofSku, -1));
    }
  }

  takeFreed(): readonly DeficitPlace[] {
    const freed = this.#freed;
    this.#freed = [];
    return freed;
  }

  async free(holds: readonly SourcedHold[]): Promise<void> {
    if (holds.length === 0) return;
    const changes = await this.#session.run(
      `UPDATE position p SET held = p.held - freed.quantity
      FROM unnest($1::text[], $2::text[], $3::bigint[]) AS freed (sku, warehouse, quantity)
      WHERE p.sku = freed.sku AND p.warehouse = freed.warehouse AND p.held >= freed.quantity`,
      [holds.map(({ sku }) => sku), holds.map(({ warehouse }) => warehouse), holds.map(({ quantity }) => quantity)],
    );
    assert(changes === holds.length, () => `${holds.length - changes} of ${JSON.stringify(holds)} are not held`);
    for (const { sku, warehouse, quantity } of holds) {
      await this.#availability.change(sku, [{ warehouse, units: quantity }]);
      this.#freed.push({ warehouse, sku });
    }
  }

  async allocate(holds: readonly SourcedHold[]): Promise<void> {
    const changes = await this.#session.run(
      `UPDATE position p SET held = p.held - sent.units, allocated_sent = p.allocated_sent + sent.units
      FROM unnest($1::text[], $2::text[], $3::bigint[]) AS sent (sku, warehouse, units)
      WHERE p.sku = sent.sku AND p.warehouse = sent.warehouse AND p.held >= sent.units`,
      [holds.map(({ sku }) => sku), holds.map(({ warehouse }) => warehouse), holds.map(({ quantity }) => quantity)],
    );
    assert(changes === holds.length, () => `${holds.length - changes} of ${JSON.stringify(holds)} are not held`);
    for (const { sku, warehouse } of holds) await this.#availability.change(sku, [{ warehouse, units: 0 }]);
  }

  async giveBack(warehouse: WarehouseId, lines: readonly SkuQuantity[]): Promise<readonly GivenBack[]> {
    const isSettled = !(await this.#unsettled.has(warehouse));
    const rows = await this.#session.rows<GivenBack & { readonly changes: number }>(
      `WITH known AS (
        SELECT p.sku, p.returned, greatest(0, least(asked.units, ${UNSPENT})) AS units
        FROM unnest($2::text[], $3::bigint[]) AS asked (sku, units)
          JOIN position p ON p.warehouse = $1 AND p.sku = asked.sku),
      given AS (
        UPDATE position p SET returned = p.returned + known.units FROM known
        WHERE p.warehouse = $1 AND p.sku = known.sku AND known.units > 0
          AND p.granted - p.returned - p.allocated_sent - p.held >= known.units
        RETURNING 1)
      SELECT sku, units, returned + units AS total, (SELECT count(*) FROM given) AS changes FROM known`,
      [warehouse, lines.map(({ sku }) => sku), lines.map(({ quantity }) => (isSettled ? quantity : 0))],
    );
    const bySku = new Map(rows.map((row) => [row.sku, row]));
    const given = lines.map(({ sku }) => ({
      sku,
      units: bySku.get(sku)?.units ?? 0,
      total: bySku.get(sku)?.total ?? 0,
    }));
    const due = given.filter(({ units }) => units > 0);
    assert(due.length === (rows[0]?.changes ?? 0), () => `${JSON.stringify(due)} are not unspent in ${warehouse}`);
    for (const { sku, units } of due) await this.#availability.change(sku, [{ warehouse, units: -units }]);
    return given;
  }

  async deficit(sku: Sku, warehouse: WarehouseId): Promise<number> {
    const row = await firstRow<DeficitRow>(
      this.#session,
      `SELECT ${DEFICIT_COLUMNS} FROM position WHERE sku = $1 AND warehouse = $2`,
      [sku, warehouse],
    );
    return deficitOfRow(row);
  }

  async inDeficit(places: readonly DeficitPlace[]): Promise<readonly DeficitPlace[]> {
    const rows = await this.#session.rows<DeficitRow & DeficitPlace>(
      `SELECT p.sku, p.warehouse, ${DEFICIT_COLUMNS}
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS place (sku, warehouse, number)
        JOIN position p ON p.sku = place.sku AND p.warehouse = place.warehouse
      ORDER BY place.number`,
      [places.map(({ sku }) => sku), places.map(({ warehouse }) => warehouse)],
    );
    return rows
      .filter(({ sku: _, warehouse: __, ...row }) => deficitOfRow(row) > 0)
      .map(({ sku, warehouse }) => ({ sku, warehouse }));
  }

  async countUnheard(sku: Sku, warehouse: WarehouseId, units: number): Promise<void> {
    await this.#session.send(
      `UPDATE position SET allocated_sent = greatest(allocated_sent, allocated + $3)
      WHERE sku = $1 AND warehouse = $2`,
      [sku, warehouse, units],
    );
  }

  async takeBackUnheard(sku: Sku, warehouse: WarehouseId, units: number): Promise<number> {
    const row = await firstRow<{ taken: number }>(
      this.#session,
      `WITH unheard AS (
        SELECT least($3::bigint, greatest(0, returned - returned_seen)) AS units
        FROM position WHERE sku = $1 AND warehouse = $2)
      UPDATE position SET returned = returned - unheard.units FROM unheard
      WHERE sku = $1 AND warehouse = $2 AND unheard.units > 0
      RETURNING unheard.units AS taken`,
      [sku, warehouse, units],
    );
    return row?.taken ?? 0;
  }

  async withdraw(sku: Sku, { warehouse, quantity }: HeldUnits): Promise<void> {
    await this.#session.send(
      `UPDATE position SET allocated_sent = greatest(allocated, allocated_sent - $3)
      WHERE sku = $1 AND warehouse = $2`,
      [sku, warehouse, quantity],
    );
  }

  async overheld(warehouse: WarehouseId): Promise<readonly { readonly sku: Sku; readonly units: number }[]> {
    // In the words of the index `position_oversold`.
    return this.#session.rows<{ sku: Sku; units: number }>(
      `SELECT sku, -(${UNSPENT}) AS units FROM position WHERE warehouse = $1 AND ${UNSPENT} < 0 ORDER BY sku`,
      [warehouse],
    );
  }

  async missingAt(warehouse: WarehouseId): Promise<readonly DeficitPlace[]> {
    return this.#session.rows<DeficitPlace>(
      `SELECT sku, warehouse FROM position WHERE warehouse = $1 AND ${IS_SHORT} ORDER BY sku`,
      [warehouse],
    );
  }

  async unheardReturns(warehouse: WarehouseId): Promise<readonly { readonly sku: Sku; readonly total: number }[]> {
    return this.#session.rows<{ sku: Sku; total: number }>(
      'SELECT sku, returned AS total FROM position WHERE warehouse = $1 AND returned > returned_seen ORDER BY sku',
      [warehouse],
    );
  }

  async known(warehouse: WarehouseId, skus: readonly Sku[]): Promise<readonly KnownQuota[]> {
    const rows = await this.#session.rows<KnownRow>(
      `SELECT ${KNOWN_COLUMNS} FROM position WHERE warehouse = $1 AND sku = ANY ($2::text[])`,
      [warehouse, skus],
    );
    const bySku = new Map(rows.map((row) => [row.sku, row]));
    return skus.flatMap((sku) => bySku.get(sku) ?? []).map(knownQuotaOf);
  }

  async knownAfter(warehouse: WarehouseId, after: Sku | '', limit: number): Promise<readonly KnownQuota[]> {
    const rows = await this.#session.rows<KnownRow>(
      `SELECT ${KNOWN_COLUMNS} FROM position WHERE warehouse = $1 AND sku > $2 ORDER BY sku LIMIT $3`,
      [warehouse, after, limit],
    );
    return rows.map(knownQuotaOf);
  }

  async shortPlaces(skus: readonly Sku[], limit: number): Promise<readonly DeficitPlace[]> {
    const places = await this.#session.rows<DeficitPlace>(
      `SELECT sku, warehouse FROM (
        SELECT sku, warehouse, row_number() OVER (PARTITION BY sku ORDER BY warehouse) AS place FROM position
        WHERE sku = ANY ($1::text[]) AND held > 0 AND ${IS_SHORT}) short
      WHERE place <= $2 ORDER BY sku, warehouse`,
      [skus, limit],
    );
    const bySku = Map.groupBy(places, ({ sku }) => sku);
    return skus.flatMap((sku) => bySku.get(sku) ?? []);
  }

  async #offersOf(channel: Channel, skus: readonly Sku[], now: number): Promise<readonly Offer[]> {
    const rows = await this.#session.rows<OfferRow & { readonly sku: Sku }>(
      `SELECT p.warehouse, p.sku, ${UNSPENT} AS unspent, s.priority, n.enrolled_at, n.heard_at,
        n.fence_reason IS NOT NULL AS is_fenced
      FROM channel c CROSS JOIN position p
        JOIN node n ON n.warehouse = p.warehouse
        JOIN warehouse_settings s ON s.warehouse = p.warehouse
        LEFT JOIN channel_warehouse m ON m.channel = c.channel AND m.warehouse = p.warehouse
      WHERE c.channel = $1 AND p.sku = ANY ($2::text[]) AND ${UNSPENT} > 0 AND (c.is_all OR m.warehouse IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM unsettled u WHERE u.warehouse = p.warehouse)
      ORDER BY p.warehouse, p.sku`,
      [channel, skus],
    );
    return rows.map((row) => offerOf(row.sku, row, now));
  }

  /** Each only as far as it is unspent there, and all of them or the transaction fails. */
  async #holdEach(holds: readonly SourcedHold[]): Promise<void> {
    const held = await this.#session.rows<DeficitPlace>(
      `UPDATE position p SET held = p.held + asked.quantity
      FROM unnest($1::text[], $2::text[], $3::bigint[]) AS asked (sku, warehouse, quantity)
      WHERE p.sku = asked.sku AND p.warehouse = asked.warehouse
        AND p.granted - p.returned - p.allocated_sent - p.held >= asked.quantity
      RETURNING p.sku, p.warehouse`,
      [holds.map(({ sku }) => sku), holds.map(({ warehouse }) => warehouse), holds.map(({ quantity }) => quantity)],
    );
    if (held.length === holds.length) return;
    const missing = holds.filter(
      (hold) => !held.some((one) => one.sku === hold.sku && one.warehouse === hold.warehouse),
    );
    const texts = missing.map(
      ({ sku, warehouse, quantity }) => `${quantity} of ${sku} are not unspent in ${warehouse}`,
    );
    assert(false, texts.join(', '));
  }
}
