import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import type { EdgeStore } from '../store/edge-store.ts';
import type { Command, Outcome } from './command.ts';
import { Commit, type ShelfChange } from './commit.ts';
import { ShelfCache } from './shelf-cache.ts';
import { StockReader } from './stock-reader.ts';
import type { StockView, TaskView } from './view.ts';

/** The database did not take the write. Nothing of the command was recorded; the caller may repeat it unchanged. */
export class LedgerUnavailable extends Error {
  override readonly name = 'LedgerUnavailable';
  readonly retryable = true;
  readonly hint: string;

  constructor(cause: unknown) {
    const code = sqliteCode(cause);
    super(`the stock database refused the write (${code ?? 'unknown cause'})`, { cause });
    this.hint = hints[code ?? ''] ?? 'Look at the node log and the disk; the command may be sent again unchanged.';
  }
}

const hints: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'The disk is full: free space on the node; reads go on, writes resume by themselves.',
  SQLITE_IOERR_FSYNC: 'The disk failed to store data: replace it before trusting this node.',
};

type Pending = {
  readonly command: Command;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
};

/** Plain counters of the ledger's life, for metrics. */
export type LedgerCounters = {
  commits: number;
  commands: number;
  movements: number;
  failedCommits: number;
  commitMsTotal: number;
};

/** Hears of each commit that appended to the log: where the log ends now, and what became of each shelf. Must not throw. */
export type CommitListener = (headSequence: number, changes: readonly ShelfChange[]) => void;

/** Commands of one transaction at most: bounds how long the event loop is held, and what one failure sends round again. */
const COMMANDS_PER_COMMIT_MAX = 256;

/**
 * The only way to change stock. One writer: commands are decided one after another on the state the last one left.
 *
 * Group commit: what arrives in the same turn of the event loop shares one transaction and one fsync, and every command
 * still gets its own outcome. Replies go out after the commit (P1).
 */
export class Ledger implements Service {
  readonly view: StockView;
  readonly tasks: TaskView;
  readonly counters: LedgerCounters = {
    commits: 0,
    commands: 0,
    movements: 0,
    failedCommits: 0,
    commitMsTotal: 0,
  };
  readonly #store: EdgeStore;
  readonly #shelves: ShelfCache;
  readonly #clock: Clock;
  readonly #listeners = new Set<CommitListener>();
  #pending: Pending[] = [];
  #quotaUnits: number | undefined;
  #isScheduled = false;
  #isStopped = false;

  constructor(options: { store: EdgeStore; clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#shelves = new ShelfCache(options.store.shelves);
    this.view = new StockReader(options.store, this.#shelves);
    this.tasks = options.store.documents.tasks;
  }

  /**
   * Records the command, or says why not. Resolves once it is durable. Rejects with `LedgerUnavailable` when the database
   * failed: then nothing of it was recorded.
   */
  record(command: Command): Promise<Outcome> {
    if (this.#isStopped) return Promise.reject(new LedgerUnavailable(new Error('the node is stopping')));
    return new Promise((resolve, reject) => {
      this.#pending.push({ command, resolve, reject });
      this.#schedule();
    });
  }

  /** Units that central may promise of this node's stock. Summed up when first asked for, and carried along from then on. */
  quotaUnits(): number {
    this.#quotaUnits ??= this.#store.shelves.quotaUnits();
    return this.#quotaUnits;
  }

  /** Calls back after each commit that appended to the log, before its replies go out. Returns the way to unsubscribe. */
  onCommit(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Commits what was accepted; refuses what comes after. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    while (this.#pending.length > 0) this.#commitPending();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // After the poll phase: every request that this turn of the loop has read is in the group.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#commitPending();
      if (this.#pending.length > 0) this.#schedule();
    });
  }

  #commitPending(): void {
    const group = this.#pending.splice(0, COMMANDS_PER_COMMIT_MAX);
    if (group.length === 0) return;
    const failure = this.#commit(group);
    if (failure === undefined) return;
    const [only] = group;
    if (group.length === 1 && only !== undefined) {
      only.reject(failure.error);
      return;
    }
    // One of them cannot be written: each gets a transaction of its own, so that it fails alone.
    for (const pending of group) {
      const alone = this.#commit([pending]);
      if (alone !== undefined) pending.reject(alone.error);
    }
  }

  /** Commits the group and tells everybody; or gives the failure, and then nothing of the group was recorded. */
  #commit(group: readonly Pending[]): { readonly error: unknown } | undefined {
    const startedMs = this.#clock.monotonicMs();
    const commit = new Commit({ store: this.#store, shelves: this.#shelves, now: this.#clock.now() });
    const before = commit.head.sequence;
    const outcomes: Outcome[] = [];
    try {
      this.#store.transaction(() => {
        for (const { command } of group) outcomes.push(commit.take(command));
        if (commit.head.sequence > before) commit.finish();
      });
    } catch (error) {
      this.counters.failedCommits += 1;
      return { error: sqliteCode(error) === undefined ? error : new LedgerUnavailable(error) };
    }
    // Recorded from here on: whatever a listener does, the group must not be taken for failed and recorded again.
    this.#store.outbox.committed(commit.head);
    const changes = [...commit.changes()];
    for (const { before, after } of changes) {
      this.#shelves.keep(after);
      if (this.#quotaUnits !== undefined) this.#quotaUnits += after.position.quota - before.position.quota;
    }
    this.counters.commits += 1;
    this.counters.commands += group.length;
    this.counters.movements += commit.head.sequence - before;
    this.counters.commitMsTotal += this.#clock.monotonicMs() - startedMs;
    for (const [index, { resolve }] of group.entries()) resolve(outcomes[index] as Outcome);
    if (commit.head.sequence > before) {
      for (const listener of this.#listeners) listener(commit.head.sequence, changes);
    }
    return undefined;
  }
}

function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}
