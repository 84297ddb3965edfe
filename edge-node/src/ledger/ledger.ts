import type { Clock } from '@edgestock/shared/runtime/clock';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import type { EdgeStore } from '../store/edge-store.ts';
import { type CloseException, type CloseOutcome, closeException } from './close-exception.ts';
import type { Command, Outcome } from './command.ts';
import { Commit, type ShelfChange } from './commit.ts';
import { ExpiryClock } from './expiry-clock.ts';
import { LedgerUnavailable, sqliteCode } from './ledger-unavailable.ts';
import { ShelfCache } from './shelf-cache.ts';
import { StockReader } from './stock-reader.ts';
import type { LateFactView, StockView, TaskView, TransferView } from './view.ts';
import { WriteHealth, type WritesFailing } from './write-health.ts';

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
 * Turns of the event loop that a group waits while each brings more: while one request is read, others arrive, and what a commit
 * costs is the same for one as for fifty. A lone sale waits one turn, some microseconds. With 64 connections groups grow from
 * 34 to 52 commands, and a sale takes 16 % less processor time; 2 turns bring half of it, 64 no more.
 */
const TURNS_GATHERED_MAX = 8;
/** Least time between two attempts to make room on a full disk: each reads the write-ahead log again, while tills wait. */
const MAKE_ROOM_PAUSE_MS = 1_000;

/**
 * The only way to change stock. One writer: commands are decided one after another on the state the last one left.
 *
 * Group commit: what arrives in one turn of the event loop, and in the next ones while they bring more, shares one transaction
 * and one fsync, and every command still gets its own outcome. Replies go out after the commit (P1).
 */
export class Ledger implements Service {
  readonly view: StockView;
  /** By it reservations end. */
  readonly expiry: ExpiryClock;
  readonly tasks: TaskView;
  readonly transfers: TransferView;
  readonly lateFacts: LateFactView;
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
  readonly #health: WriteHealth;
  readonly #listeners = new Set<CommitListener>();
  #pending: Pending[] = [];
  #quotaUnits: number | undefined;
  #isScheduled = false;
  #isStopped = false;
  #roomTriedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: { store: EdgeStore; clock: Clock; log?: Log }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#health = new WriteHealth({ clock: options.clock, log: options.log ?? silentLog });
    this.#shelves = new ShelfCache(options.store.shelves);
    this.expiry = new ExpiryClock(options.clock);
    this.view = new StockReader({ store: options.store, shelves: this.#shelves, expiry: this.expiry });
    this.tasks = options.store.documents.tasks;
    this.transfers = options.store.documents.transfers;
    this.lateFacts = options.store.documents.lateFacts;
  }

  /**
   * Records the command, or says why not. Resolves once it is durable. Rejects with `LedgerUnavailable` when the database
   * failed: then nothing of it was recorded, unless that says that nobody knows (`isUncertain`).
   */
  record(command: Command): Promise<Outcome> {
    if (this.#isStopped) return Promise.reject(new LedgerUnavailable(new Error('the node is stopping')));
    return new Promise((resolve, reject) => {
      this.#pending.push({ command, resolve, reject });
      this.#schedule();
    });
  }

  /** A person closes an exception. Durable when it returns; throws `LedgerUnavailable` when the database failed. */
  closeException(command: CloseException): CloseOutcome {
    if (this.#isStopped) throw new LedgerUnavailable(new Error('the node is stopping'));
    try {
      const outcome = closeException(this.#store, command, this.#clock.now());
      if (outcome.outcome === 'closed' && outcome.isFirst) this.#writesWork();
      return outcome;
    } catch (error) {
      if (sqliteCode(error) === undefined) throw error;
      const refused = new LedgerUnavailable(error);
      this.#health.refused(refused);
      throw refused;
    }
  }

  /** Why the database refuses writes; `undefined` again as soon as it has taken one. */
  get writesFailing(): WritesFailing | undefined {
    return this.#health.failing;
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
    this.#gather(TURNS_GATHERED_MAX, this.#pending.length);
  }

  /** Commits once a turn has brought nothing more, the group is full, or it has waited long enough. */
  #gather(turnsLeft: number, gathered: number): void {
    // After the poll phase: every request that this turn of the loop has read is among the pending ones.
    setImmediate(() => {
      const { length } = this.#pending;
      if (length > gathered && length < COMMANDS_PER_COMMIT_MAX && turnsLeft > 0) {
        this.#gather(turnsLeft - 1, length);
        return;
      }
      this.#isScheduled = false;
      this.#commitPending();
      if (this.#pending.length > 0) this.#schedule();
    });
  }

  #commitPending(): void {
    const group = this.#pending.splice(0, COMMANDS_PER_COMMIT_MAX);
    if (group.length === 0) return;
    let failure = this.#commit(group);
    if (failure !== undefined && this.#hasMadeRoom(failure.error)) failure = this.#commit(group);
    if (failure === undefined) return;
    const { error } = failure;
    const isUncertain = error instanceof LedgerUnavailable && error.isUncertain;
    if (group.length === 1 || isUncertain) {
      for (const pending of group) this.#refuse(pending, error);
      return;
    }
    // One of them cannot be written: each gets a transaction of its own, so that it fails alone.
    for (const pending of group) {
      const alone = this.#commit([pending]);
      if (alone !== undefined) this.#refuse(pending, alone.error);
    }
  }

  #refuse(pending: Pending, error: unknown): void {
    if (error instanceof LedgerUnavailable) this.#health.refused(error);
    pending.reject(error);
  }

  /**
   * After a full disk the little that was freed goes to emptying the write-ahead log first: it gives back up to its whole
   * size, whereas sales appended to it would use up the room that emptying it needs.
   */
  #writesWork(): void {
    if (this.#health.failing === undefined) return;
    this.#health.committed();
    this.#store.emptyWriteAheadLog();
  }

  /**
   * On a full disk the write-ahead log may hold the very space that is missing: nothing empties it while no commit succeeds.
   * True when it gave some back, so that the write is worth another attempt.
   */
  #hasMadeRoom(error: unknown): boolean {
    if (!(error instanceof LedgerUnavailable && error.isDiskFull)) return false;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#roomTriedAtMs < MAKE_ROOM_PAUSE_MS) return false;
    this.#roomTriedAtMs = nowMs;
    return this.#store.emptyWriteAheadLog();
  }

  /** Commits the group and tells everybody; or gives the failure, and then nothing of the group was recorded. */
  #commit(group: readonly Pending[]): { readonly error: unknown } | undefined {
    const startedMs = this.#clock.monotonicMs();
    const commit = new Commit({
      store: this.#store,
      shelves: this.#shelves,
      now: this.#clock.now(),
      expiryTime: this.expiry.now(),
    });
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
      this.#writesWork();
    }
    return undefined;
  }
}
