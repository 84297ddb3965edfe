import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerAudit } from '../store/ledger-audit.ts';
import type { Difference } from '../verify/difference.ts';
import { verifyBooks } from '../verify/verify-books.ts';
import type { TestSite } from './site.ts';

/** What `edgestock verify` finds in a copy of the site's books; the site goes on. */
export async function differencesIn(site: TestSite): Promise<readonly Difference[]> {
  const copy = join(site.dataDir, 'verified');
  mkdirSync(copy, { recursive: true });
  for (const file of ['edge.sqlite', 'edge.sqlite-wal']) cpSync(join(site.dataDir, file), join(copy, file));
  const audit = LedgerAudit.open(copy);
  try {
    const { differences } = await verifyBooks(audit, { onProgress: () => undefined, pause: async () => undefined });
    return differences;
  } finally {
    audit.close();
  }
}
