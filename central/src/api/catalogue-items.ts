import { itemBarcode } from '@edgestock/shared/inventory/item-barcode';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import type { ProblemItem } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import { centralLimits } from '../limits.ts';
import type { CentralItem } from '../rules/promise-command.ts';
import { allOr, fields, listOf } from './fields.ts';

const item = z.strictObject({
  sku: fields.sku,
  name: fields.itemName.exactOptional(),
  barcodes: z
    .array(z.strictObject({ barcode: fields.barcode, multiple: fields.multiple.default(1) }))
    .max(wireLimits.barcodesPerItemMax, `may have ${wireLimits.barcodesPerItemMax} barcodes`)
    .default([]),
  warehouses: allOr(
    z.array(fields.warehouse).max(centralLimits.warehousesMax, `may have ${centralLimits.warehousesMax} warehouses`),
  ).default('all'),
});

export const cataloguePage = z.strictObject({
  items: listOf(item, 'items'),
  /** What becomes of a barcode with a wrong check digit: the page is refused, or it is kept as the shop's own code. */
  badBarcodes: z.enum(['refuse', 'keep']).default('refuse'),
});

type RawItem = z.output<typeof item>;

/** The items with their barcodes in the stored form, or everything that is wrong with them by their place on the page. */
export function catalogueItems({ items, badBarcodes }: z.output<typeof cataloguePage>): {
  readonly items: readonly CentralItem[];
  readonly problems: readonly ProblemItem[];
} {
  const problems: ProblemItem[] = [];
  const skus = new Map<string, number>();
  const owners = new Map<string, { readonly line: number; readonly multiple: number }>();
  const read = items.map((raw, line): CentralItem => {
    const fault = (path: string, code: string, message: string) =>
      void problems.push({ line, code, message, path: `items.${line}.${path}` });
    const other = skus.get(raw.sku);
    if (other !== undefined) fault('sku', 'sku-twice', `${raw.sku} is item ${other} already: an item is whole`);
    skus.set(raw.sku, line);

    const barcodes = new Map<string, number>();
    for (const [place, { barcode: text, multiple }] of raw.barcodes.entries()) {
      const path = `barcodes.${place}.barcode`;
      const stored = itemBarcode(text);
      if (stored.outcome === 'refused' && badBarcodes === 'refuse') {
        fault(path, 'barcode-invalid', `barcode ${JSON.stringify(text)}: ${stored.message}`);
        continue;
      }
      const barcode = stored.outcome === 'barcode' ? stored.barcode : text;
      const owner = owners.get(barcode);
      if (owner !== undefined && (owner.line !== line || owner.multiple !== multiple)) {
        const whose = owner.line === line ? `means ${owner.multiple} units already` : `is item ${owner.line}'s already`;
        fault(path, 'barcode-twice', `barcode ${barcode} ${whose}`);
      }
      owners.set(barcode, { line, multiple });
      barcodes.set(barcode, multiple);
    }
    return whole(raw, barcodes);
  });
  return { items: read, problems };
}

function whole({ sku, name, warehouses }: RawItem, barcodes: ReadonlyMap<string, number>): CentralItem {
  return {
    sku,
    ...(name === undefined ? {} : { name }),
    barcodes: [...barcodes].map(([barcode, multiple]) => ({ barcode, multiple })),
    warehouses: warehouses === 'all' ? 'all' : [...new Set(warehouses)],
  };
}
