import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TransferLine } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must } from '@edgestock/shared/runtime/assert';
import { centralLimits } from '../../../limits.ts';
import { type TransferRecord, transferStateOf } from '../../../rules/transfer.ts';
import type { TransferFact } from '../../../rules/transfer-fact.ts';
import type { AvailabilityWriter } from '../../tables/availability-table.ts';
import type { DownLogWriter } from '../../tables/down-table.ts';
import type { NodeReader } from '../../tables/node-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { TransferTable, TransferWriter } from '../../tables/transfer-table.ts';
import { directivePages } from '../down/directive-pages.ts';

/** A fact and the warehouse whose log it stands in. */
export type HeardFact = TransferFact & { readonly warehouse: WarehouseId };

/** What one transaction does to one transfer. */
type Touched = {
  readonly skus: Set<Sku>;
  /** Who is to hear of it. */
  readonly told: Set<WarehouseId>;
  /** Its source has said where it goes: somebody hears of it for the first time, so of all of it. */
  isWhole: boolean;
};

/**
 * Puts the two ends of transfers together, in the transaction that applies their logs. Each fact is applied once, since its
 * place in its node's log is; sums do not mind the order, so an arrival may be heard of before its shipment.
 */
export class TransferDesk {
  readonly #table: TransferTable;
  readonly #writer: TransferWriter;
  readonly #nodes: NodeReader;
  readonly #parts: { readonly availability: AvailabilityWriter; readonly downLog: DownLogWriter };

  constructor(tables: Tables, parts: { readonly availability: AvailabilityWriter; readonly downLog: DownLogWriter }) {
    this.#table = tables.transfers;
    this.#writer = tables.transferWriter;
    this.#nodes = tables.nodes;
    this.#parts = parts;
  }

  /** Takes the facts over, shows what is under way, and tells both ends what the other one did. */
  async report(facts: readonly HeardFact[], now: number): Promise<void> {
    const touched = new Map<number, Touched>();
    for (const fact of facts) await this.#take(fact, touched, now);
    for (const [number, { skus, told, isWhole }] of touched) {
      const record = await this.#recordOf(number);
      await this.#writer.settle(number, transferStateOf(record.lines), now);
      await this.#show(record.to, [...skus]);
      const lines = isWhole ? record.lines : record.lines.filter(({ sku }) => skus.has(sku));
      await this.#tell([...told], record, lines);
    }
  }

  /** A warehouse is new: it hears of what is under way from it and to it, and what comes to it is shown. */
  async introduce(warehouse: WarehouseId): Promise<void> {
    for (const record of await this.#table.openAt(warehouse)) {
      await this.#tell([warehouse], record, record.lines);
      if (record.to === warehouse) {
        await this.#show(
          warehouse,
          record.lines.map(({ sku }) => sku),
        );
      }
    }
  }

  /** The same for one that may have heard anything: also of what was closed lately, since that may be news to it. */
  async tellAgain(warehouse: WarehouseId, now: number): Promise<void> {
    for (const record of await this.#table.lateAt(warehouse, now - centralLimits.transfersToldAgainMs)) {
      await this.#tell([warehouse], record, record.lines);
    }
  }

  async #take(heard: HeardFact, touched: Map<number, Touched>, now: number): Promise<void> {
    const { fact, transfer: id, warehouse, otherWarehouse, sku } = heard;
    const isShipment = fact === 'ship';
    const [from, to] = isShipment ? [warehouse, otherWarehouse] : [otherWarehouse, warehouse];
    const known = await this.#writer.find(id, from);
    const number = known?.number ?? (await this.#writer.insert({ id, from, to, isShipped: isShipment }, now));
    const touch = touched.get(number) ?? { skus: new Set(), told: new Set(), isWhole: false };
    touched.set(number, touch);
    if (isShipment && known?.isShipped === false) {
      // Arrivals only said where some of it came; whoever sent it knows where it is to go. Nothing was shown as incoming there:
      // that takes a shipment.
      touch.isWhole = true;
      await this.#writer.redirect(number, to);
    }
    await this.#writer.add(number, unitsOf(heard));
    touch.skus.add(sku);
    touch.told.add(to);
    if (!isShipment) {
      touch.told.add(from);
      if (known !== undefined) touch.told.add(known.to);
    }
  }

  async #show(warehouse: WarehouseId, skus: readonly Sku[]): Promise<void> {
    if ((await this.#nodes.get(warehouse)) === undefined) return;
    for (const sku of skus) {
      if (await this.#writer.showIncoming(sku, warehouse))
        await this.#parts.availability.change(sku, [{ warehouse, units: 0 }]);
    }
  }

  /** Whole totals of the lines at hand. Whoever is not enrolled hears of it when it is. */
  async #tell(
    warehouses: readonly WarehouseId[],
    record: TransferRecord,
    lines: readonly TransferLine[],
  ): Promise<void> {
    const enrolled: WarehouseId[] = [];
    for (const warehouse of warehouses) {
      if ((await this.#nodes.get(warehouse)) !== undefined) enrolled.push(warehouse);
    }
    if (enrolled.length === 0) return;
    const { transfer, from, to, lines: all } = record;
    const isClosed = transferStateOf(all) === 'closed';
    const pages = directivePages(lines, (page) =>
      encodeDirective({ kind: 'transfer', transfer: { transfer, from, to, lines: page, isClosed } }),
    );
    for (const bytes of pages) await this.#parts.downLog.appendToAll(enrolled, bytes);
  }

  async #recordOf(number: number): Promise<TransferRecord> {
    return must(await this.#table.numbered(number), 'a transfer that was touched is there');
  }
}

function unitsOf({ fact, sku, quantity }: TransferFact): TransferLine {
  return {
    sku,
    shipped: fact === 'ship' ? quantity : 0,
    received: fact === 'receive' ? quantity : 0,
    damaged: fact === 'damage' ? quantity : 0,
    lost: fact === 'lose' ? quantity : 0,
  };
}
