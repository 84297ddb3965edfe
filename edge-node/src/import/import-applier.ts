import { AssertionError, assert, must, unreachable } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { CountLine } from '../ledger/command.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { EdgeStore } from '../store/edge-store.ts';
import type { ImportJob, StagedRow } from '../store/import-store.ts';
import { ImportFailed } from './import-failed.ts';
import { importLimits } from './limits.ts';
import { nextTurn } from './next-turn.ts';
import { fingerprintOf, readCatalogueRow, readStockRow } from './staged-rows.ts';

/** Applying stopped before the end, because the node is stopping: it goes on at the next start. */
export class ImportInterrupted extends Error {
  override readonly name = 'ImportInterrupted';
}

/** Applies staged rows, a piece at a time, and notes after each piece how far it has got. */
export class ImportApplier {
  readonly #store: EdgeStore;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  #isStopped = false;

  constructor(options: { store: EdgeStore; ledger: Ledger; clock: Clock }) {
    this.#store = options.store;
    this.#ledger = options.ledger;
    this.#clock = options.clock;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async run(id: string, onPiece: () => void): Promise<void> {
    const { imports } = this.#store;
    const job = must(imports.find(id), 'a job is applied after it was begun');
    if (job.state === 'done') return;
    const rowsMax = job.kind === 'catalogue' ? importLimits.itemsPerTransaction : importLimits.linesPerCommand;
    for (;;) {
      if (this.#isStopped) throw new ImportInterrupted('the node is stopping; the import goes on at its next start');
      const rows = imports.next(id, rowsMax);
      const last = rows.at(-1);
      if (last === undefined) break;
      if (job.kind === 'catalogue') this.#applyItems(job, rows, last);
      else await this.#applyCounts(job, rows, last);
      onPiece();
      // Lets the tills in: everything that came meanwhile is answered before the next piece.
      await nextTurn();
    }
    imports.finish(id, this.#clock.now());
    assert(imports.find(id)?.state === 'done', () => `import ${id} lost some of its staged rows`);
  }

  #applyItems(job: ImportJob, rows: readonly StagedRow[], last: StagedRow): void {
    const { items, exceptions, imports } = this.#store;
    const now = this.#clock.now();
    this.#store.transaction(() => {
      for (const staged of rows) {
        const { sku, name, barcode, multiple } = readCatalogueRow(staged);
        items.list({ sku, name }, now);
        exceptions.resolveListed(sku, now);
        if (barcode !== undefined) items.setBarcode({ barcode, sku, multiple });
      }
      imports.applied(job.id, { upToKey: last.key, rows: rows.length, unlisted: 0 });
    });
  }

  /**
   * One command of counts as of the place where staging began. Its key is its first line: when a crash came between the
   * command and the note that it was applied, the ledger answers with the first answer and nothing is counted twice (P9).
   */
  async #applyCounts(job: ImportJob, rows: readonly StagedRow[], last: StagedRow): Promise<void> {
    const places = rows.map(readStockRow);
    const unlisted = await this.#recordCounts(
      job,
      rows,
      places.map(({ expiry: _, ...line }) => ({ ...line, atSequence: job.atSequence })),
    );
    this.#store.transaction(() => {
      for (const { sku, lot, expiry } of places) {
        if (lot !== undefined && expiry !== undefined) this.#store.imports.setExpiry(sku, lot, expiry);
      }
      this.#store.imports.applied(job.id, { upToKey: last.key, rows: rows.length, unlisted });
    });
  }

  /** How many of the SKUs were in no catalogue. */
  async #recordCounts(job: ImportJob, rows: readonly StagedRow[], lines: readonly CountLine[]): Promise<number> {
    const outcome = await this.#ledger.record({
      type: 'count',
      lines,
      reason: 'import',
      document: job.document,
      idempotency: { scope: 'import', key: `${job.keyPrefix}:${rows[0]?.line}`, fingerprint: fingerprintOf(rows) },
    });
    switch (outcome.outcome) {
      case 'recorded':
        return unlistedIn(outcome.answer.exceptions);
      case 'duplicate':
        return unlistedIn(outcome.first.exceptions);
      case 'invalid': {
        const [problem] = outcome.problems;
        const line = rows[problem?.line ?? 0]?.line;
        throw new ImportFailed(`line ${line} of ${job.document} cannot be applied: ${problem?.message}`);
      }
      case 'key-reused':
      case 'refused':
      case 'stale':
        throw new AssertionError(
          `counts of an import have keys of their own and no version, and were ${outcome.outcome}`,
        );
      default:
        return unreachable(outcome);
    }
  }
}

function unlistedIn(exceptions: readonly { readonly kind: string }[]): number {
  return exceptions.filter(({ kind }) => kind === 'unknown-sku').length;
}
