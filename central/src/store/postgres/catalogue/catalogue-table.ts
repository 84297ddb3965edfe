import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { CatalogueItem } from '@edgestock/shared/protocol/directive';
import type { CentralItem } from '../../../rules/promise-command.ts';
import type { CatalogueReader, CatalogueWriter } from '../../tables/catalogue-table.ts';
import { firstRow, type Parameter, type Session } from '../session.ts';

type ItemRow = {
  readonly sku: Sku;
  readonly name: string | null;
  readonly isEverywhere: boolean;
  readonly barcodes: CatalogueItem['barcodes'];
  readonly warehouses: readonly WarehouseId[];
};

/** Whole: a reader needs no second statement, and so no transaction, to see one committed state of it. */
const ITEM = `
  SELECT i.sku, i.name, i.is_everywhere AS "isEverywhere",
    (SELECT coalesce(json_agg(json_build_object('barcode', b.barcode, 'multiple', b.multiple) ORDER BY b.place), '[]')
      FROM item_barcode b WHERE b.sku = i.sku) AS barcodes,
    (SELECT coalesce(json_agg(a.warehouse ORDER BY a.warehouse), '[]') FROM assortment a WHERE a.sku = i.sku) AS warehouses
  FROM item i`;

/** `CatalogueReader` on PostgreSQL. */
export class PostgresCatalogueReader implements CatalogueReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(sku: Sku): Promise<CentralItem | undefined> {
    const row = await firstRow<ItemRow>(this.#session, `${ITEM} WHERE i.sku = $1`, [sku]);
    return row && wholeOf(row);
  }

  async of(skus: readonly Sku[]): Promise<ReadonlyMap<Sku, CentralItem>> {
    const rows = await this.#rows('i.sku = ANY ($1::text[])', [skus]);
    return new Map(rows.map((row) => [row.sku, wholeOf(row)]));
  }

  async page(after: Sku | undefined, limit: number): Promise<readonly CentralItem[]> {
    const rows = await this.#rows('i.sku > $1 ORDER BY i.sku LIMIT $2', [after ?? '', limit]);
    return rows.map(wholeOf);
  }

  async everywhere(after: Sku | undefined, limit: number): Promise<readonly CatalogueItem[]> {
    const rows = await this.#rows('i.sku > $1 AND i.is_everywhere ORDER BY i.sku LIMIT $2', [after ?? '', limit]);
    return rows.map(itemOf);
  }

  #rows(where: string, parameters: readonly Parameter[]): Promise<readonly ItemRow[]> {
    return this.#session.rows<ItemRow>(`${ITEM} WHERE ${where}`, parameters);
  }
}

/** `CatalogueWriter` on PostgreSQL: some statements for any number of items. */
export class PostgresCatalogueWriter implements CatalogueWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async put(items: readonly CentralItem[]): Promise<void> {
    const skus = items.map(({ sku }) => sku);
    // Of those that name one barcode the last has it.
    const barcodes = new Map(
      items.flatMap(({ sku, barcodes: ofItem }) =>
        ofItem.map(({ barcode, multiple }, place) => [barcode, { sku, place, barcode, multiple }] as const),
      ),
    );
    const rows = [...barcodes.values()];
    const assortment = items.flatMap(({ sku, warehouses }) =>
      warehouses === 'all' ? [] : [...new Set(warehouses)].map((warehouse) => ({ sku, warehouse })),
    );
    await this.#session.send(
      `INSERT INTO item (sku, name, is_everywhere)
      SELECT sku, name, is_everywhere
      FROM unnest($1::text[], $2::text[], $3::boolean[]) AS one (sku, name, is_everywhere)
      ON CONFLICT (sku) DO UPDATE SET name = excluded.name, is_everywhere = excluded.is_everywhere`,
      [skus, items.map(({ name }) => name ?? null), items.map(({ warehouses }) => warehouses === 'all')],
    );
    await this.#session.send(
      `WITH left_out AS (DELETE FROM assortment WHERE sku = ANY ($1::text[]))
      DELETE FROM item_barcode WHERE sku = ANY ($1::text[]) OR barcode = ANY ($2::text[])`,
      [skus, [...barcodes.keys()]],
    );
    await this.#session.send(
      `INSERT INTO item_barcode (sku, place, barcode, multiple)
      SELECT sku, place, barcode, multiple
      FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[]) AS one (sku, place, barcode, multiple)`,
      [
        rows.map(({ sku }) => sku),
        rows.map(({ place }) => place),
        rows.map(({ barcode }) => barcode),
        rows.map(({ multiple }) => multiple),
      ],
    );
    await this.#session.send(
      `INSERT INTO assortment (sku, warehouse)
      SELECT sku, warehouse FROM unnest($1::text[], $2::text[]) AS one (sku, warehouse)`,
      [assortment.map(({ sku }) => sku), assortment.map(({ warehouse }) => warehouse)],
    );
  }
}

function wholeOf(row: ItemRow): CentralItem {
  return { ...itemOf(row), warehouses: row.isEverywhere ? 'all' : row.warehouses };
}

function itemOf({ sku, name, barcodes }: ItemRow): CatalogueItem {
  return { sku, ...(name === null ? {} : { name }), barcodes };
}
