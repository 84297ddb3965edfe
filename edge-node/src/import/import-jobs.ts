import { POSITION_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import type { Ledger } from '../ledger/ledger.ts';
import type { EdgeStore } from '../store/edge-store.ts';
import type { ImportJob, ImportStore, StagedRow } from '../store/import-store.ts';
import { placeTwice, skuExceeds } from './check-file.ts';
import { ImportApplier } from './import-applier.ts';
import { ImportFailed } from './import-failed.ts';
import type { CatalogueRow, StockRow } from './import-row.ts';
import type { BeginAnswer, ImportStatus, ImportTarget, NewImport } from './import-target.ts';
import { importLimits } from './limits.ts';
import { nextTurn } from './next-turn.ts';
import type { ImportRow } from './read-rows.ts';
import type { RowProblem } from './row-problem.ts';
import { readStockRow, stagedCatalogueRow, stagedStockRow } from './staged-rows.ts';

/** The import cannot do this now, or not in this way; nothing of it has changed. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
  readonly reason: 'unknown' | 'not-staging' | 'begun-otherwise' | 'rows-missing' | 'rows-too-many' | 'failed';

  constructor(reason: ImportRefused['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Files on their way into this node. Rows are staged until all are there, then applied in pieces small enough that tills trade
 * in between. A crash while staging or dropping drops the job at the next start, a crash while applying resumes it: nothing is
 * ever half imported for good, unless the data itself keeps the rest out; then the job has failed, and says where.
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
  readonly #dropping = new Map<string, Promise<void>>();
  #isStopped = false;

  constructor(options: { store: EdgeStore; ledger: Ledger; clock: Clock; log: Log }) {
    this.#store = options.store;
    this.#imports = options.store.imports;
    this.#ledger = options.ledger;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#applier = new ImportApplier(options);
  }

  /** Waits until an import of this id that failed, or is being taken back, is gone. */
  async begin({ id, kind, document, rowCount }: NewImport): Promise<BeginAnswer> {
    const before = this.#imports.find(id);
    if (before?.state === 'failed' || before?.state === 'dropping') await this.drop(id);
    const known = this.#imports.find(id);
    if (known?.state === 'dropping')
      throw new ImportRefused(
        'not-staging',
        `import ${id} is being taken back while the node stops: begin it again later`,
      );
    if (known !== undefined && (known.kind !== kind || known.rowCount !== rowCount)) throw begunOtherwise(known);
    const atSequence = this.#store.outbox.head().sequence;
    this.#imports.begin({ id, kind, document, rowCount, atSequence, begunAt: this.#clock.now() });
    this.#failures.delete(id);
    const status = this.#status(id);
    return { outcome: status.state, status };
  }

  stage(id: string, rows: readonly ImportRow[]): readonly RowProblem[] {
    const job = this.#job(id);
    if (job.state !== 'staging')
      throw new ImportRefused('not-staging', `import ${id} is ${job.state}: it takes no rows`);
    const problems: RowProblem[] = [];
    const staged = new Map<number, StagedRow>();
    for (const row of rows) {
      const answer = staged.has(row.line) ? lineTwice(row.line) : this.#staged(job, row);
      if ('message' in answer) problems.push(answer);
      else staged.set(row.line, answer);
    }
    this.#store.transaction(() => {
      for (const { line, otherLine } of this.#imports.stage(job, [...staged.values()])) {
        problems.push(placeTwice(line, otherLine, 'the same SKU'));
        staged.delete(line);
      }
      if (job.kind === 'stock') problems.push(...this.#unstageExcess(id, [...staged.values()]));
      const { stagedCount, rowCount } = this.#job(id);
      // Thrown within the transaction: none of these rows is staged.
      if (stagedCount > rowCount) throw tooManyRows(stagedCount, rowCount);
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
    if (this.#job(id).state !== 'done') this.#startApplying(id);
    const applying = this.#apply(id, onProgress).finally(() => this.#running.delete(id));
    this.#running.set(id, applying);
    return applying;
  }

  /** Once this has begun nothing of the import is applied any more, whoever asks and however often the node is restarted. */
  drop(id: string): Promise<void> {
    const dropping = this.#dropping.get(id) ?? this.#drop(id).finally(() => this.#dropping.delete(id));
    this.#dropping.set(id, dropping);
    return dropping;
  }

  /**
   * For the start of a node: drops what was being staged or dropped, goes on with what was being applied. Resolves when all of
   * it is.
   */
  async resume(): Promise<void> {
    const unfinished = this.#imports.unfinished();
    // At once, before the first wait: whoever staged them before the restart must not go on with what will be dropped.
    for (const { id, state } of unfinished) if (state === 'staging') this.#imports.startDropping(id);
    for (const job of unfinished) {
      try {
        await this.#resume(job);
      } catch (error) {
        const hint =
          error instanceof ImportFailed
            ? error.hint
            : 'Tills are not affected. Import the file again, or restart the node when its disk is well.';
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
    if (state === 'staging' || state === 'dropping') {
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
      const failure = error instanceof Error ? error.message : String(error);
      if (error instanceof ImportFailed) this.#imports.fail(id, failure, this.#clock.now());
      else this.#failures.set(id, failure);
      const hint =
        error instanceof ImportFailed
          ? error.hint
          : 'What was applied stays. It goes on when it is asked for again, or at the next start.';
      this.#log.error({ import: id, err: error, hint }, 'import interrupted');
      throw error;
    }
    return this.#status(id);
  }

  /** From staging to applying; a job that is being applied already may be gone on with. */
  #startApplying(id: string): void {
    if (this.#imports.startApplying(id)) return;
    const { state, stagedCount, rowCount, failure } = this.#job(id);
    switch (state) {
      case 'applying':
      case 'done':
        return;
      case 'failed':
        throw new ImportRefused('failed', `import ${id} has failed: ${failure}`);
      case 'dropping':
        throw new ImportRefused('not-staging', `import ${id} is being taken back: it is not applied`);
      case 'staging':
        if (stagedCount > rowCount) throw tooManyRows(stagedCount, rowCount);
        throw new ImportRefused(
          'rows-missing',
          `${stagedCount} of ${rowCount} rows are staged: stage the others first`,
        );
      default:
        unreachable(state);
    }
  }

  async #drop(id: string): Promise<void> {
    const job = this.#imports.find(id);
    if (job === undefined) return;
    if (!this.#imports.startDropping(id))
      throw new ImportRefused('not-staging', `import ${id} is ${job.state}: it is not taken back`);
    this.#failures.delete(id);
    for (let isLeft = true; isLeft && !this.#isStopped; await nextTurn()) {
      this.#store.transaction(() => {
        isLeft = this.#imports.drop(id, importLimits.rowsPerChunk);
      });
    }
  }

  /** Takes back what would count more of a SKU than a position can hold; applying would end there, in the middle of the file. */
  #unstageExcess(id: string, rows: readonly StagedRow[]): readonly RowProblem[] {
    const problems: RowProblem[] = [];
    const places = rows.map((row) => ({ row, ...readStockRow(row) }));
    for (const sku of new Set(places.map((place) => place.sku))) {
      let units = this.#imports.countedOf(id, sku);
      for (const { row, counted } of places.filter((place) => place.sku === sku).reverse()) {
        if (units <= POSITION_QUANTITY_MAX) break;
        this.#imports.unstage(id, row.key);
        units -= counted;
        problems.push(skuExceeds(row.line, sku));
      }
    }
    return problems.sort((a, b) => a.line - b.line);
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
    const job = this.#job(id);
    const { kind, state, document, rowCount, stagedCount, appliedCount, unlistedCount } = job;
    const failure = job.failure ?? this.#failures.get(id);
    const counts = { rowCount, stagedCount, appliedCount, unlistedCount };
    return { id, kind, state, document, ...counts, ...(failure !== undefined && { failure }) };
  }
}

function begunOtherwise({ id, kind, rowCount }: ImportJob): ImportRefused {
  const message = `import ${id} was begun as ${rowCount} rows of ${kind}: take it back first, or begin yours under another id`;
  return new ImportRefused('begun-otherwise', message);
}

function tooManyRows(stagedCount: number, rowCount: number): ImportRefused {
  const message = `${stagedCount} rows would be staged where ${rowCount} were announced: take the import back and begin it with the right number`;
  return new ImportRefused('rows-too-many', message);
}

function lineTwice(line: number): RowProblem {
  return { line, code: 'line-twice', message: 'this line stands twice among the rows: leave one of them' };
}
