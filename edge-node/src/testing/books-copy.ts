import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LedgerAudit } from '../store/ledger-audit.ts';
import { type Verification, verifyBooks } from '../verify/verify-books.ts';
import type { TestSite } from './site.ts';

/** A copy of a site's books, to be verified and tampered with: nobody runs on it, and the site goes on. */
export class BooksCopy {
  readonly dataDir: string;
  readonly #site: TestSite;

  constructor(site: TestSite) {
    this.#site = site;
    this.dataDir = join(site.dataDir, 'copy');
    this.renew();
  }

  /** As the site is now. */
  renew(): void {
    mkdirSync(this.dataDir, { recursive: true });
    for (const file of ['edge.sqlite', 'edge.sqlite-wal']) {
      cpSync(join(this.#site.dataDir, file), join(this.dataDir, file));
    }
  }

  /** What `edgestock verify` finds. */
  async verify(): Promise<Verification> {
    const audit = LedgerAudit.open(this.dataDir);
    try {
      return await verifyBooks(audit, { onProgress: () => undefined, pause: async () => undefined });
    } finally {
      audit.close();
    }
  }

  /** Does to the database what only a bad disk or a bad hand does; `flip(bytes, at)` turns a bit. */
  tamper(sql: string): void {
    const database = new Database(join(this.dataDir, 'edge.sqlite'));
    database.unsafeMode(true);
    database.pragma('foreign_keys = OFF');
    database.pragma('ignore_check_constraints = ON');
    database.function('flip', (bytes: unknown, at: unknown) => {
      const flipped = Buffer.from(bytes as Buffer);
      const index = Number(at) < 0 ? flipped.length + Number(at) : Number(at);
      flipped[index] = (flipped[index] ?? 0) ^ 1;
      return flipped;
    });
    database.exec(sql);
    database.close();
  }
}
