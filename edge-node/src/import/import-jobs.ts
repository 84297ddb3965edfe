import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import type { Ledger } from '../ledger/ledger.ts';
import type { EdgeStore } from '../store/edge-store.ts';
import type { ImportJob, ImportStore, StagedRow } from '../store/import-store.ts';
import { placeTwice } from './check-file.ts';
import { ImportApplier } from './import-applier.ts';
import type { CatalogueRow, StockRow } from './import-row.ts';
import type { BeginAnswer, ImportStatus, ImportTarget, NewImport } from './import-target.ts';
import { importLimits } from './limits.ts';
import { nextTurn } from './next-turn.ts';
import type { ImportRow } from './read-rows.ts';
import type { RowProblem } from './row-problem.ts';
import { stagedCatalogueRow, stagedStockRow } from './staged-rows.ts';

/** The import cannot do this now: it is not there, already under way, or rows of it are missing. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
  readonly reason: 'unknown' | 'not-staging' | 'rows-missing';

  constructor(reason: ImportRefused['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Files on their way into this node. Rows are staged until all are there, then applied in pieces small enough that tills trade
 * in between. A crash while staging drops the job at the next start, a crash while applying resumes it: nothing is ever half
 * imported for good.
 */
export class ImportJobs implements ImportTarget, Service {
  readonly #store: EdgeStore;
  readonly #imports: ImportStore;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #applier: ImportApplier;
  readonly #running = new Map<string, Promise<ImportStatus>>();
  readonly #failures = new Map<string, string>();
  readonly #dropping = new Set<string>();
  #isStopped = false;

  constructor(options: { store: EdgeStore; ledger: Ledger; clock: Clock; log: Log }) {
    this.#store = options.store;
    this.#imports = options.store.imports;
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#applier = new ImportApplier(options);
  }

  begin({ id, kind, document, rowCount }: NewImport): BeginAnswer {
    if (this.#dropping.has(id))
      throw new ImportRefused('not-staging', 'it is just being taken back: try again in a moment');
    const atSequence = this.#store.outbox.head().sequence;
    this.#imports.begin({ id, kind, document, rowCount, atSequence, begunAt: this.#clock.now() });
    const status = this.#status(id);
    return { outcome: status.state, status };
  }

  stage(id: string, rows: readonly ImportRow[]): readonly RowProblem[] {
    const job = this.#job(id);
    if (job.state !== 'staging')
      throw new ImportRefused('not-staging', `import ${id} is ${job.state}: it takes no rows`);
    const problems: RowProblem[] = [];
    const staged: StagedRow[] = [];
    for (const row of rows) {
      const answer = this.#staged(job, row);
      if ('message' in answer) problems.push(answer);
      else staged.push(answer);
    }
    this.#store.transaction(() => {
      for (const { line, otherLine } of this.#imports.stage(id, staged)) {
        problems.push(placeTwice(line, otherLine, 'the same SKU'));
      }
    });
    return problems;
  }

  status(id: string): ImportStatus | undefined {
    return this.#imports.find(id) && this.#status(id);
  }

  /** Applies a job of which every row is staged; joins in when it is being applied already. */
  apply(id: string, onProgress: (status: ImportStatus) => void = () => undefined): Promise<ImportStatus> {
    const running = this.#running.get(id);
    if (running !== undefined) return running;
    if (this.#job(id).state === 'staging' && !this.#imports.startApplying(id)) {
      const { stagedCount, rowCount } = this.#job(id);
      throw new ImportRefused('rows-missing', `${stagedCount} of ${rowCount} rows are staged: stage the others first`);
    }
    const applying = this.#apply(id, onProgress).finally(() => this.#running.delete(id));
    this.#running.set(id, applying);
    return applying;
  }

  async drop(id: string): Promise<void> {
    const job = this.#imports.find(id);
    if (job === undefined) return;
    if (job.state !== 'staging')
      throw new ImportRefused('not-staging', `import ${id} is ${job.state}: it is not taken back`);
    this.#dropping.add(id);
    try {
      for (let isLeft = true; isLeft && !this.#isStopped; await nextTurn()) {
        this.#store.transaction(() => {
          isLeft = this.#imports.drop(id, importLimits.rowsPerChunk);
        });
      }
    } finally {
      this.#dropping.delete(id);
    }
  }

  /** For the start of a node: drops what was being staged, goes on with what was being applied. Resolves when all of it is. */
  async resume(): Promise<void> {
    for (const job of this.#imports.unfinished()) {
      try {
        await this.#resume(job);
      } catch (error) {
        const hint = 'Tills are not affected. Import the file again, or restart the node when its disk is well.';
        this.#log.error({ import: job.id, document: job.document, err: error, hint }, 'import not resumed');
      }
    }
  }

  /** Stops applying between two pieces; the next start goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#applier.stop();
    await Promise.allSettled(this.#running.values());
  }

  async #resume({ id, kind, document, state, appliedCount, rowCount }: ImportJob): Promise<void> {
    if (state === 'staging') {
      await this.drop(id);
      const hint = 'Nothing of the file was applied; import it again.';
      this.#log.warn({ import: id, kind, document, hint }, 'import dropped, it was not staged completely');
    } else {
      this.#log.info({ import: id, kind, document, appliedCount, rowCount }, 'import resumed');
      await this.apply(id);
    }
  }

  async #apply(id: string, onProgress: (status: ImportStatus) => void): Promise<ImportStatus> {
    this.#failures.delete(id);
    try {
      await this.#applier.run(id, () => onProgress(this.#status(id)));
    } catch (error) {
      this.#failures.set(id, error instanceof Error ? error.message : String(error));
      const hint = 'What was applied stays. It goes on when it is asked for again, or at the next start.';
      this.#log.error({ import: id, err: error, hint }, 'import interrupted');
      throw error;
    }
    return this.#status(id);
  }

  #staged(job: ImportJob, row: ImportRow): StagedRow | RowProblem {
    return job.kind === 'catalogue'
      ? stagedCatalogueRow(row as CatalogueRow)
      : stagedStockRow(row as StockRow, (candidates) => this.#ledger.view.barcode(candidates));
  }

  #job(id: string): ImportJob {
    const job = this.#imports.find(id);
    if (job === undefined) throw new ImportRefused('unknown', `there is no import ${id} here`);
    return job;
  }

  #status(id: string): ImportStatus {
    const { kind, state, document, rowCount, stagedCount, appliedCount, unlistedCount } = this.#job(id);
    const failure = this.#failures.get(id);
    const counts = { rowCount, stagedCount, appliedCount, unlistedCount };
    return { id, kind, state, document, ...counts, ...(failure !== undefined && { failure }) };
  }
}
