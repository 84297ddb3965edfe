import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
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
import type { DeficitPlace } from '../../tables/position-table.ts';
import type { GivenBack, HeldUnits, KnownQuota, Offered, QuotaTable } from '../../tables/quota-table.ts';
import type { SqliteUnsettledTable } from '../epochs/unsettled-table.ts';
import type { SqliteAvailabilityWriter } from '../positions/availability-table.ts';

/**
 * Central's side of each quota: what is held, allocated and given back of the units that nodes granted. Unspent is what is
 * left, and no statement here lets it fall below zero (P3). The answers change with it. Inside a transaction of the caller.
 */
export class SqliteQuotaTable implements QuotaTable {
  readonly #availability: SqliteAvailabilityWriter;
  readonly #unsettled: SqliteUnsettledTable;
  #freed: DeficitPlace[] = [];
  readonly #offers: Statement<[{ sku: string; channel: string }], OfferRow>;
  readonly #hold: Statement<[number, string, string, number]>;
  readonly #free: Statement<[number, string, string, number]>;
  readonly #allocate: Statement<[{ units: number; sku: string; warehouse: string }]>;
  readonly #unspent: Statement<[string, string], { unspent: number; returned: number }>;
  readonly #return: Statement<[{ units: number; sku: string; warehouse: string }]>;
  readonly #deficit: Statement<[string, string], DeficitRow>;
  readonly #known: Statement<[string, string], KnownRow>;
  readonly #knownAfter: Statement<[string, string, number], KnownRow>;
  readonly #short: Statement<[string, number], DeficitPlace>;

  readonly #overheld: Statement<[string], { sku: Sku; units: number }>;
  readonly #missing: Statement<[string], DeficitPlace>;
  readonly #countUnheard: Statement<[number, string, string]>;
  readonly #unheardOf: Statement<[string, string], { units: number }>;
  readonly #takeBack: Statement<[number, string, string]>;
  readonly #withdraw: Statement<[number, string, string]>;
  readonly #unheard: Statement<[string], { sku: Sku; total: number }>;

  constructor(database: Database, availability: SqliteAvailabilityWriter, unsettled: SqliteUnsettledTable) {
    this.#availability = availability;
    this.#unsettled = unsettled;
    this.#offers = database.prepare(`
      SELECT p.warehouse, ${UNSPENT} AS unspent, s.priority, n.enrolled_at, n.heard_at,
        n.fence_reason IS NOT NULL AS is_fenced
      FROM channel c CROSS JOIN position p
        JOIN node n ON n.warehouse = p.warehouse
        JOIN warehouse_settings s ON s.warehouse = p.warehouse
        LEFT JOIN channel_warehouse m ON m.channel = c.channel AND m.warehouse = p.warehouse
      WHERE c.channel = @channel AND p.sku = @sku AND ${UNSPENT} > 0 AND (c.is_all OR m.warehouse IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM unsettled u WHERE u.warehouse = p.warehouse)
      ORDER BY p.warehouse`);
    this.#hold = database.prepare(
      `UPDATE position SET held = held + ? WHERE sku = ? AND warehouse = ? AND ${UNSPENT} >= ?`,
    );
    this.#free = database.prepare('UPDATE position SET held = held - ? WHERE sku = ? AND warehouse = ? AND held >= ?');
    this.#allocate = database.prepare(`
      UPDATE position SET held = held - @units, allocated_sent = allocated_sent + @units
      WHERE sku = @sku AND warehouse = @warehouse AND held >= @units`);
    this.#unspent = database.prepare(
      `SELECT ${UNSPENT} AS unspent, returned FROM position WHERE sku = ? AND warehouse = ?`,
    );
    this.#return = database.prepare(`
      UPDATE position SET returned = returned + @units
      WHERE sku = @sku AND warehouse = @warehouse AND ${UNSPENT} >= @units`);
    this.#known = database.prepare(`SELECT ${KNOWN_COLUMNS} FROM position WHERE warehouse = ? AND sku = ?`);
    this.#knownAfter = database.prepare(
      `SELECT ${KNOWN_COLUMNS} FROM position WHERE warehouse = ? AND sku > ? ORDER BY sku LIMIT ?`,
    );
    // As the index `position_short` has it.
    this.#short = database.prepare(`
      SELECT sku, warehouse FROM position
      WHERE sku = ? AND held > 0 AND reserved + committed + quota > max(0, on_hand - max(0, unsellable))
      ORDER BY warehouse LIMIT ?`);
    // As the index `position_oversold` has it.
    this.#overheld = database.prepare(`
      SELECT sku, -(${UNSPENT}) AS units FROM position WHERE warehouse = ? AND ${UNSPENT} < 0 ORDER BY sku`);
    this.#countUnheard = database.prepare(`
      UPDATE position SET allocated_sent = max(allocated_sent, allocated + ?) WHERE sku = ? AND warehouse = ?`);
    this.#unheardOf = database.prepare(
      'SELECT max(0, returned - returned_seen) AS units FROM position WHERE sku = ? AND warehouse = ?',
    );
    this.#takeBack = database.prepare('UPDATE position SET returned = returned - ? WHERE sku = ? AND warehouse = ?');
    this.#withdraw = database.prepare(
      'UPDATE position SET allocated_sent = max(allocated, allocated_sent - ?) WHERE sku = ? AND warehouse = ?',
    );
    this.#missing = database.prepare(`
      SELECT sku, warehouse FROM position
      WHERE warehouse = ? AND reserved + committed + quota > max(0, on_hand - max(0, unsellable)) ORDER BY sku`);
    this.#unheard = database.prepare(
      'SELECT sku, returned AS total FROM position WHERE warehouse = ? AND returned > returned_seen ORDER BY sku',
    );
    this.#deficit = database.prepare(`SELECT ${DEFICIT_COLUMNS} FROM position WHERE sku = ? AND warehouse = ?`);
  }

  /** From where a channel could serve a SKU: nothing of a warehouse that is not settled. A fenced node counts as silent: its quota stands, but nobody may answer for it. */
  offers(channel: Channel, sku: Sku, now: number): readonly Offer[] {
    return this.#offers.all({ channel, sku }).map((row) => offerOf(sku, row, now));
  }

  offered(channel: Channel, skus: readonly Sku[], now: number): ReadonlyMap<Sku, Offered> {
    return new Map(
      skus.map((sku) => {
        const available = this.#availability.available(channel, sku);
        return [sku, { available, offers: available === 0 ? [] : this.offers(channel, sku, now) }];
      }),
    );
  }

  /** Sets units aside that a channel promises. They must be unspent in each warehouse, and in the channel beyond its buffer. */
  hold(channel: Channel, holds: readonly SourcedHold[]): void {
    for (const [sku, ofSku] of Map.groupBy(holds, ({ sku }) => sku)) {
      this.#holdEach(sku, ofSku);
      const isTaken = this.#availability.take(channel, sku, changesBy(ofSku, -1));
      assert(isTaken, () => `${channel} does not have so many of ${sku}`);
    }
  }

  holdMoved(holds: readonly SourcedHold[]): void {
    for (const [sku, ofSku] of Map.groupBy(holds, ({ sku }) => sku)) {
      this.#holdEach(sku, ofSku);
      this.#availability.change(sku, changesBy(ofSku, -1));
    }
  }

  /** Forgets what a transaction that failed has left. */
  begin(): void {
    this.#freed = [];
  }

  /** Where units were freed since this was last asked. */
  takeFreed(): readonly DeficitPlace[] {
    const freed = this.#freed;
    this.#freed = [];
    return freed;
  }

  /** Held units are promised to nobody any more. */
  free(holds: readonly SourcedHold[]): void {
    for (const { sku, warehouse, quantity } of holds) {
      const { changes } = this.#free.run(quantity, sku, warehouse, quantity);
      assert(changes === 1, () => `${quantity} of ${sku} are not held in ${warehouse}`);
      this.#availability.change(sku, [{ warehouse, units: quantity }]);
      this.#freed.push({ warehouse, sku });
    }
  }

  allocate(holds: readonly SourcedHold[]): void {
    for (const { sku, warehouse, quantity } of holds) {
      const { changes } = this.#allocate.run({ units: quantity, sku, warehouse });
      assert(changes === 1, () => `${quantity} of ${sku} are not held in ${warehouse}`);
      this.#availability.change(sku, [{ warehouse, units: 0 }]);
    }
  }

  giveBack(warehouse: WarehouseId, lines: readonly SkuQuantity[]): readonly GivenBack[] {
    return lines.map((line) => this.#giveBack(warehouse, line));
  }

  #giveBack(warehouse: WarehouseId, { sku, quantity }: SkuQuantity): GivenBack {
    const known = this.#unspent.get(sku, warehouse);
    const total = known?.returned ?? 0;
    const units = this.#unsettled.has(warehouse) ? 0 : Math.min(quantity, known?.unspent ?? 0);
    if (units <= 0) return { sku, units: 0, total };
    const { changes } = this.#return.run({ units, sku, warehouse });
    assert(changes === 1, () => `${units} of ${sku} are not unspent in ${warehouse}`);
    this.#availability.change(sku, [{ warehouse, units: -units }]);
    return { sku, units, total: total + units };
  }

  /** Promised units without goods behind them, less what is on its way back to the node already. */
  deficit(sku: Sku, warehouse: WarehouseId): number {
    return deficitOfRow(this.#deficit.get(sku, warehouse));
  }

  inDeficit(places: readonly DeficitPlace[]): readonly DeficitPlace[] {
    return places.filter(({ warehouse, sku }) => this.deficit(sku, warehouse) > 0);
  }

  /** So many units are in tasks that the node has not heard of: they come on top of what it has allocated. */
  countUnheard(sku: Sku, warehouse: WarehouseId, units: number): void {
    this.#countUnheard.run(units, sku, warehouse);
  }

  /** Takes back what was given back without the node hearing of it, at most so many units; tells how many. */
  takeBackUnheard(sku: Sku, warehouse: WarehouseId, units: number): number {
    const unheard = this.#unheardOf.get(sku, warehouse)?.units ?? 0;
    const taken = Math.min(units, unheard);
    if (taken > 0) this.#takeBack.run(taken, sku, warehouse);
    return taken;
  }

  /** A task that the node has never heard of is not sent to it. */
  withdraw(sku: Sku, { warehouse, quantity }: HeldUnits): void {
    this.#withdraw.run(quantity, sku, warehouse);
  }

  /** Units of a warehouse that are held beyond its quota: only where central was restored from a backup. */
  overheld(warehouse: WarehouseId): readonly { readonly sku: Sku; readonly units: number }[] {
    return this.#overheld.all(warehouse);
  }

  /** Positions of a warehouse whose promises have no goods behind them, whoever made them. */
  missingAt(warehouse: WarehouseId): readonly DeficitPlace[] {
    return this.#missing.all(warehouse);
  }

  /** What was ever given back to a warehouse, where its node does not know all of it. */
  unheardReturns(warehouse: WarehouseId): readonly { readonly sku: Sku; readonly total: number }[] {
    return this.#unheard.all(warehouse);
  }

  known(warehouse: WarehouseId, skus: readonly Sku[]): readonly KnownQuota[] {
    const rows = skus.flatMap((sku) => this.#known.get(warehouse, sku) ?? []);
    return rows.map(knownQuotaOf);
  }

  /** The positions of a warehouse behind a SKU, in the order of their SKUs. */
  knownAfter(warehouse: WarehouseId, after: Sku | '', limit: number): readonly KnownQuota[] {
    return this.#knownAfter.all(warehouse, after, limit).map(knownQuotaOf);
  }

  /** Where promises of a SKU are held without goods behind them, at most so many. */
  shortPlaces(skus: readonly Sku[], limit: number): readonly DeficitPlace[] {
    return skus.flatMap((sku) => this.#short.all(sku, limit));
  }

  #holdEach(sku: Sku, holds: readonly HeldUnits[]): void {
    for (const { warehouse, quantity } of holds) {
      const { changes } = this.#hold.run(quantity, sku, warehouse, quantity);
      assert(changes === 1, () => `${quantity} of ${sku} are not unspent in ${warehouse}`);
    }
  }
}
