import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type GoldenLog, goldenLog } from '@edgestock/shared/testing/golden-log';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../store/migrations.ts';
import { BooksCopy } from '../testing/books-copy.ts';
import { sku, TestSite } from '../testing/site.ts';

/**
 * Databases that nodes of earlier releases left behind, as SQL: the same nodes whose words are in shared/testing/golden-log. They
 * are never changed; a release that cannot open one has lost somebody's books.
 */
const books: readonly { readonly step: number; readonly golden: GoldenLog }[] = [
  { step: 2, golden: goldenLog(1) },
  { step: 12, golden: goldenLog(2) },
];

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.dispose());

function leaveBehind(step: number): void {
  for (const file of ['edge.sqlite', 'edge.sqlite-wal', 'edge.sqlite-shm', 'high-water.json']) {
    rmSync(join(site.dataDir, file), { force: true });
  }
  const database = new Database(join(site.dataDir, 'edge.sqlite'));
  database.pragma('foreign_keys = OFF');
  database.exec(readFileSync(join(import.meta.dirname, `../testing/golden-books/step-${step}.sql`), 'utf8'));
  expect(database.pragma('user_version', { simple: true })).toBe(step);
  database.close();
}

describe.each(books)('the books of a node whose schema ended at step $step', ({ step, golden }) => {
  const { sequence, epoch, hash } = golden.heartbeat.place;
  beforeEach(() => site.restart(() => leaveBehind(step)));

  it('are opened and brought up to date: every number, and the log to its last hash, is as it was', () => {
    expect(step).toBeLessThan(migrations.length);
    expect(site.store.outbox.identity()).toEqual({ warehouse: 'BER1', epoch, instance: golden.heartbeat.instance });
    const head = site.store.outbox.head();
    expect([head.sequence, Buffer.from(head.hash).toString('hex')]).toEqual([sequence, hash]);
    for (const { sku: text, at: _, ...position } of golden.positions) {
      expect(site.position(text)).toMatchObject(position);
    }
  });

  it('prove themselves, and go on proving themselves with what comes', async () => {
    const copy = new BooksCopy(site);
    expect(await copy.verify()).toMatchObject({ sequence, movements: sequence, differences: [] });
    await site.move('sale', [{ sku: sku('tea'), quantity: 1 }]);
    copy.renew();
    expect(await copy.verify()).toMatchObject({ sequence: sequence + 1, differences: [] });
  });

  it('know a receipt again that was recorded then', async () => {
    const line = { sku: sku('tea'), quantity: 3 };
    const idempotency = { scope: 'sale', key: 't1\nr2', fingerprint: fingerprintOf('t1\nr2') } as const;
    const outcome = await site.ledger.record({ type: 'record', kind: 'sale', lines: [line], idempotency });
    expect(outcome.outcome).toBe('duplicate');
    expect(site.store.outbox.head().sequence).toBe(sequence);
  });
});

function fingerprintOf(key: string): string {
  const database = new Database(join(site.dataDir, 'edge.sqlite'), { readonly: true });
  const found = database.prepare('SELECT fingerprint FROM idempotency WHERE key = ?').pluck().get(key);
  database.close();
  return String(found);
}
