import { parseSku, type Sku } from '@edgestock/shared/inventory/ids';
import { readScan, type ScanReading } from '@edgestock/shared/inventory/scan';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { StockView } from '../ledger/view.ts';

type ReadableScan = Extract<ScanReading, { outcome: 'item' }>;

/** What a barcode stands for in this warehouse. */
export type ScannedItem =
  | {
      /** `unlisted`: the code can be read, and no catalogue knows it. Its text is the SKU under which a fact is recorded (P4). */
      readonly outcome: 'listed' | 'unlisted';
      readonly sku: Sku;
      /** The code as the catalogue has it, or its canonical text. */
      readonly barcode: string;
      /** Base units of one scan: 12 for a case of 12. */
      readonly multiple: number;
      readonly reading: ReadableScan;
    }
  | { readonly outcome: 'unreadable'; readonly message: string; readonly hint: string };

/** Reads a barcode and looks it up: as a barcode of the catalogue first, then as a SKU, which is what a shop prints itself. */
export function scannedItem(barcode: string, deps: { readonly view: StockView; readonly clock: Clock }): ScannedItem {
  const { view, clock } = deps;
  const reading = readScan(barcode, { today: new Date(clock.now()).toISOString().slice(0, 10) });
  if (reading.outcome === 'unreadable') return reading;
  const match = view.barcode(reading.candidates);
  if (match !== undefined) return { outcome: 'listed', ...match, reading };
  const skus = reading.candidates.map(parseSku).filter((sku) => sku !== undefined);
  const known = skus.find((sku) => view.entry(sku) !== undefined);
  if (known !== undefined) return { outcome: 'listed', sku: known, barcode: known, multiple: 1, reading };
  const [canonical] = skus;
  if (canonical !== undefined) return { outcome: 'unlisted', sku: canonical, barcode: canonical, multiple: 1, reading };
  return {
    outcome: 'unreadable',
    message: 'the code is in no catalogue, and too long (or with a comma) to be a SKU of its own',
    hint: 'Type the SKU instead.',
  };
}
