import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import type { BadBarcodePolicy } from '../import/catalogue-rows.ts';
import { type ColumnMapping, parseMapping } from '../import/columns.ts';
import type { FileEncoding } from '../import/file-encoding.ts';
import { ImportJobs } from '../import/import-jobs.ts';
import type { ImportTarget } from '../import/import-target.ts';
import { type ImportProgress, type ImportResult, runImport } from '../import/run-import.ts';
import type { ImportKind } from '../store/import-store.ts';
import { TestSite } from './site.ts';

export type ImportChoices = {
  readonly columns?: string;
  readonly badBarcodes?: BadBarcodePolicy;
  readonly encoding?: FileEncoding;
  readonly isForCentral?: boolean;
  readonly isDryRun?: boolean;
  readonly isAgain?: boolean;
  readonly target?: ImportTarget;
  readonly onProgress?: (progress: ImportProgress) => void;
};

/** A site that files are imported into. */
export class ImportSite {
  readonly site = new TestSite();
  jobs = this.#open();
  readonly #random = seededRandom(1);

  restart(): void {
    this.site.restart();
    this.jobs = this.#open();
  }

  file(content: string | Uint8Array, name = 'file.csv'): string {
    const path = join(this.site.dataDir, name);
    writeFileSync(path, content);
    return path;
  }

  import(kind: ImportKind, content: string | Uint8Array, choices: ImportChoices = {}): Promise<ImportResult> {
    const { columns = '', badBarcodes = 'refuse', encoding = 'utf8', target = this.jobs } = choices;
    const { isForCentral = false } = choices;
    return runImport({
      path: this.file(content),
      fileBytes: Buffer.byteLength(content),
      plan: { kind, mapping: parseMapping(kind, columns) as ColumnMapping, badBarcodes, encoding, isForCentral },
      into: { target, warehouse: 'BER1' },
      ...(choices.isDryRun === true && { dryRun: { salt: this.#random.hex(16) } }),
      isAgain: choices.isAgain ?? false,
      onProgress: choices.onProgress ?? (() => undefined),
    });
  }

  #open(): ImportJobs {
    return new ImportJobs({ store: this.site.store, ledger: this.site.ledger, clock: this.site.clock, log: silentLog });
  }
}

/** What is wrong with the file, as `line code`. */
export function faults({ problems }: ImportResult): readonly string[] {
  return problems.map(({ line, code }) => `${line} ${code}`);
}
