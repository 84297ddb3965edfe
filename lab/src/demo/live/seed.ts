import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openImportSite } from '@edgestock/edge-node/command/import-site';
import { runImport } from '@edgestock/edge-node/import/run-import';
import { assert, must } from '@edgestock/shared/runtime/assert';
import { type Article, catalogueCsv, stockCsv } from './assortment.ts';

/**
 * Puts catalogue and opening stock into a node that does not run yet, through the same import that a shop would use. Importing the same
 * files into the same directory again changes nothing.
 */
export async function seed(options: {
  readonly articles: readonly Article[];
  readonly nodeDirectory: string;
  readonly filesDirectory: string;
  readonly warehouse: string;
}): Promise<void> {
  const { articles, nodeDirectory, filesDirectory, warehouse } = options;
  const opened = await openImportSite({ dataDir: nodeDirectory, warehouse });
  const site = must(opened, 'a data directory was named');
  try {
    for (const [kind, text] of [
      ['catalogue', catalogueCsv(articles)],
      ['stock', stockCsv(articles)],
    ] as const) {
      const path = join(filesDirectory, `${kind}.csv`);
      await writeFile(path, text);
      const { outcome, problems } = await runImport({
        path,
        fileBytes: (await stat(path)).size,
        plan: { kind, mapping: new Map(), badBarcodes: 'refuse', encoding: 'utf8' },
        into: site,
        isAgain: false,
        onProgress: () => undefined,
      });
      assert(outcome !== 'refused', () => `the demo's own ${kind} was refused: ${JSON.stringify(problems)}`);
    }
  } finally {
    await site.close();
  }
}
