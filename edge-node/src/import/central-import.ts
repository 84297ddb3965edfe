import { DoorFailed } from '@edgestock/shared/runtime/json-door';
import { ImportStaging, type StagedItemRow } from '../store/import-staging.ts';
import type { BadBarcodePolicy } from './catalogue-rows.ts';
import type { CentralDoor } from './central-door.ts';
import { quoted } from './fields.ts';
import type { CatalogueRow } from './import-row.ts';
import type { BeginAnswer, ImportStatus, ImportTarget, NewImport } from './import-target.ts';
import { importLimits } from './limits.ts';
import type { ImportRow } from './read-rows.ts';
import type { RowProblem } from './row-problem.ts';

type Item = {
  readonly sku: string;
  readonly name?: string;
  readonly barcodes: { readonly barcode: string; readonly multiple: number }[];
  readonly warehouses: readonly string[] | 'all';
};

/**
 * Imports a catalogue to central, page by page: rows of one SKU become one whole item, and items are sent when all rows are
 * there and sound. Central takes an item as it is, so there is no job to remember: after a crash the same import again brings
 * what is missing and tells nobody what they know.
 */
export class CentralImport implements ImportTarget {
  readonly #door: CentralDoor;
  readonly #badBarcodes: BadBarcodePolicy;
  readonly #warehouses: ReadonlySet<string>;
  #staging = new ImportStaging();
  #status: ImportStatus | undefined;

  private constructor(door: CentralDoor, badBarcodes: BadBarcodePolicy, warehouses: ReadonlySet<string>) {
    this.#door = door;
    this.#badBarcodes = badBarcodes;
    this.#warehouses = warehouses;
  }

  /** Asks central for the warehouses there are. Throws `DoorFailed` when it does not answer. */
  static async open(door: CentralDoor, badBarcodes: BadBarcodePolicy): Promise<CentralImport> {
    const { warehouses } = await door.get<{ warehouses: readonly { warehouse: string }[] }>('/v1/warehouses');
    return new CentralImport(door, badBarcodes, new Set(warehouses.map(({ warehouse }) => warehouse)));
  }

  /** Central keeps no job: what is not begun here is begun nowhere. */
  status(id: string): ImportStatus | undefined {
    return this.#status?.id === id ? this.#status : undefined;
  }

  async begin({ id, kind, document, rowCount }: NewImport): Promise<BeginAnswer> {
    this.#status = {
      id,
      kind,
      state: 'staging',
      document,
      rowCount,
      stagedCount: 0,
      appliedCount: 0,
      unlistedCount: 0,
    };
    return { outcome: 'staging', status: this.#status };
  }

  stage(_id: string, rows: readonly ImportRow[]): readonly RowProblem[] {
    const problems: RowProblem[] = [];
    // The plan of an import to central is one of a catalogue.
    for (const row of rows as readonly CatalogueRow[]) {
      const unknown = row.warehouses?.find((warehouse) => !this.#warehouses.has(warehouse));
      if (unknown !== undefined) problems.push(this.#unknownWarehouse(row.line, unknown));
      this.#staging.put([stagedRow(row)]);
      if (this.#staging.barcodesOf(row.sku) > importLimits.barcodesPerItemMax) {
        const message = `SKU ${quoted(row.sku)} has more than ${importLimits.barcodesPerItemMax} barcodes`;
        problems.push({ line: row.line, code: 'barcodes-count', message });
        this.#staging.put([{ ...stagedRow(row), barcode: null }]);
      }
    }
    return problems;
  }

  async apply(_id: string, onProgress: (status: ImportStatus) => void): Promise<ImportStatus> {
    const status = this.#status;
    if (status === undefined) throw new Error('an import is applied after it was begun');
    let page: Item[] = [];
    let bytes = 0;
    let rowsDone = 0;
    let rowsThere = 0;
    const send = async () => {
      if (page.length === 0) return;
      const keep = this.#badBarcodes === 'keep' ? { badBarcodes: 'keep' } : {};
      await this.#put({ items: page, ...keep }, rowsThere);
      rowsThere = rowsDone;
      onProgress({ ...status, state: 'applying', appliedCount: rowsDone });
      page = [];
      bytes = 0;
    };
    for (const { item, rows } of this.#items()) {
      const itemBytes = Buffer.byteLength(JSON.stringify(item)) + 1;
      if (page.length === importLimits.itemsPerPage || bytes + itemBytes > importLimits.chunkBytesMax) await send();
      page.push(item);
      bytes += itemBytes;
      rowsDone += rows;
    }
    await send();
    return { ...status, state: 'done', stagedCount: rowsDone, appliedCount: rowsDone };
  }

  async drop(): Promise<void> {
    this.#status = undefined;
    this.#staging.close();
    this.#staging = new ImportStaging();
  }

  close(): void {
    this.#staging.close();
  }

  async #put(body: object, rowsThere: number): Promise<void> {
    try {
      await this.#door.put('/v1/catalogue', body);
    } catch (cause) {
      if (!(cause instanceof DoorFailed)) throw cause;
      const there =
        rowsThere === 0
          ? 'Nothing of the file is there.'
          : `${rowsThere} rows of the file, by SKU, are there, each item whole.`;
      const again = `${there} Run the same command again: nothing is done twice.`;
      const hint = [cause.hint, again].filter((line) => line !== '').join('\n');
      throw new DoorFailed(cause.message, { cause, hint });
    }
  }

  *#items(): Generator<{ readonly item: Item; readonly rows: number }> {
    let rows: StagedItemRow[] = [];
    let place = { sku: '', line: 0 };
    for (;;) {
      const more = this.#staging.after(place, importLimits.rowsPerChunk);
      for (const row of more) {
        if (rows[0] !== undefined && rows[0].sku !== row.sku) {
          yield { item: itemOf(rows), rows: rows.length };
          rows = [];
        }
        rows.push(row);
        place = row;
      }
      if (more.length > 0) continue;
      if (rows.length > 0) yield { item: itemOf(rows), rows: rows.length };
      return;
    }
  }

  #unknownWarehouse(line: number, warehouse: string): RowProblem {
    const known =
      this.#warehouses.size === 0 ? 'no node has enrolled yet' : `central knows ${[...this.#warehouses].join(', ')}`;
    return { line, code: 'warehouse-unknown', message: `there is no warehouse ${quoted(warehouse)}: ${known}` };
  }
}

function stagedRow({ sku, line, name, barcode, multiple, warehouses }: CatalogueRow): StagedItemRow {
  const listed = warehouses === undefined ? null : JSON.stringify(warehouses);
  return { sku, line, name: name ?? null, barcode: barcode ?? null, multiple, warehouses: listed };
}

/** Rows of one SKU agree where they say something: that was checked. */
function itemOf(rows: readonly StagedItemRow[]): Item {
  const name = rows.find((row) => row.name !== null)?.name;
  const listed = rows.find((row) => row.warehouses !== null)?.warehouses;
  const barcodes = new Map(
    rows.flatMap(({ barcode, multiple }) => (barcode === null ? [] : [[barcode, multiple] as const])),
  );
  return {
    sku: rows[0]?.sku ?? '',
    ...(name === undefined || name === null ? {} : { name }),
    barcodes: [...barcodes].map(([barcode, multiple]) => ({ barcode, multiple })),
    warehouses: listed === undefined || listed === null ? 'all' : JSON.parse(listed),
  };
}
