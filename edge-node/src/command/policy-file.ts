import { statSync } from 'node:fs';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { parseSku } from '@edgestock/shared/inventory/ids';
import { CsvFile } from '../import/csv-file.ts';

/** A SKU and what its row sets; an empty cell sets nothing. */
export type PolicyLine = { readonly sku: string; readonly numbers: Readonly<Record<string, number | undefined>> };

const FAULTS_LISTED_MAX = 20;

/** A file of SKUs with whole numbers, checked as a whole. Throws `WrongCall` that names each wrong line. */
export async function policyLines(path: string, columns: readonly string[]): Promise<readonly PolicyLine[]> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new WrongCall(`there is no file ${path}`, 'Name a .csv or .csv.gz file.');
  }
  const lines: PolicyLine[] = [];
  const faults: string[] = [];
  const seen = new Set<string>();
  let header: readonly string[] | undefined;
  for await (const batch of new CsvFile(path, 'utf8').batches()) {
    for (const { line, cells } of batch) {
      if (header === undefined) {
        header = headerOf(cells, path, columns);
        continue;
      }
      const cell = (name: string) => (cells[header?.indexOf(name) ?? -1] ?? '').trim();
      const fault = (message: string) => void faults.push(`${path}:${line}: ${message}`);
      const sku = parseSku(cell('sku'));
      if (sku === undefined) fault(`${JSON.stringify(cell('sku'))} cannot be a SKU`);
      else if (seen.has(sku)) fault(`SKU ${sku} stands on an earlier line already`);
      else seen.add(sku);
      const numbers: Record<string, number> = {};
      for (const name of columns) {
        if (/^\d{1,9}$/.test(cell(name))) numbers[name] = Number(cell(name));
        else if (cell(name) !== '') fault(`${name} ${JSON.stringify(cell(name))} is not a whole number`);
      }
      if ((numbers.share_percent ?? 0) > 100) fault(`share_percent ${numbers.share_percent} is more than all`);
      if (sku !== undefined) lines.push({ sku, numbers });
    }
  }
  if (faults.length > 0) {
    const more = faults.length > FAULTS_LISTED_MAX ? `\n… and ${faults.length - FAULTS_LISTED_MAX} more` : '';
    throw new WrongCall('nothing was set', faults.slice(0, FAULTS_LISTED_MAX).join('\n') + more);
  }
  if (lines.length === 0) throw new WrongCall(`${path} has no rows`, `Its first line is: sku,${columns.join(',')}`);
  return lines;
}

function headerOf(cells: readonly string[], path: string, columns: readonly string[]): readonly string[] {
  const header = cells.map((title) => title.trim().toLowerCase());
  if (header.includes('sku') && columns.some((name) => header.includes(name))) return header;
  throw new WrongCall(`the columns of ${path} are not these`, `Its first line is: sku,${columns.join(',')}`);
}
