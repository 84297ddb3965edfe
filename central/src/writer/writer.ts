import { Worker } from 'node:worker_threads';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { isLasting } from '@edgestock/shared/runtime/lasting-failure';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { emptyDownMetrics } from '../directives/down-metrics.ts';
import { emptyIngestMetrics } from '../ingest/ingest-metrics.ts';
import type { StoreFailure } from '../ingest/store-writes.ts';
import type { StreamFailure } from '../ingest/stream-failure.ts';
import { emptyPromiseMetrics } from '../orders/promise-metrics.ts';
import type { PromiseWriter } from '../orders/promise-writer.ts';
import type { Heard } from '../rules/node-record.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import type { ChangeNotice } from '../store/central-store.ts';
import { StoreDamaged, tellsOfDamage } from '../store/store-damaged.ts';
import { PendingPromises } from './pending-promises.ts';
import type { FromWriter, ToWriter, WriterConfig, WriterMetrics } from './writer-messages.ts';

export type { WriterConfig, WriterMetrics } from './writer-messages.ts';

/** A thread that lived this long was not broken: the next failure is a new one. */
const HEALTHY_AFTER_MS = 60_000;

/**
 * The store's one writer as the API's thread sees it: ingest, promises and what goes down to the nodes, in a thread of their
 * own, so that neither a backlog nor a disk ever holds up a reader. When that thread dies it is started again, with growing
 * delays; the store is the only memory the two lives share.
 */
export class Writer implements Service, PromiseWriter {
  readonly #config: WriterConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #backoff: Backoff;
  readonly #onLasting: (error: Error) => void;
  readonly #onDamaged: (reason: string) => void;
  readonly #changeListeners = new Set<(changes: readonly ChangeNotice[]) => void>();
  readonly #epochListeners = new Set<() => void>();
  readonly #heardListeners = new Set<(heard: readonly Heard[]) => void>();
  readonly #pending = new PendingPromises();
  readonly #ready = Promise.withResolvers<boolean>();
  readonly #brokerAsked = Promise.withResolvers<boolean>();
  #worker: Worker | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #metrics: WriterMetrics = {
    ingest: emptyIngestMetrics(),
    promises: emptyPromiseMetrics(),
    directives: emptyDownMetrics(),
  };
  #restarts = 0;
  #startedAtMs = 0;
  #cancelRestart: (() => void) | undefined;
  #isStopping = false;
  #isBrokerUp = false;
  #brokerReason: string | undefined;
  #storeFailure: StoreFailure | undefined;
  #streamFailure: StreamFailure | undefined;
  #damage: StoreFailure | undefined;
  #setback: StoreFailure | undefined;
  #wasReady = false;

  /**
   * `onLasting`: it ended with a failure that no new life would mend, and stays down. `onDamaged`: it has met damage in its store, and stays
   * down until it is told that there is none (`storeIsSound`), as when it is told of damage (`storeIsDamaged`).
   */
  constructor(
    config: WriterConfig,
    deps: {
      readonly clock: Clock;
      readonly random: Random;
      readonly log: Log;
      readonly onLasting: (error: Error) => void;
      readonly onDamaged: (reason: string) => void;
    },
  ) {
    this.#onLasting = deps.onLasting;
    this.#onDamaged = deps.onDamaged;
    this.#config = config;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#backoff = new Backoff({ firstDelayMs: 100, delayMsMax: 30_000, random: deps.random });
    this.#start();
  }

  /** Resolves when the store exists and can be read, which does not need the broker; with false when it is stopped before. */
  get ready(): Promise<boolean> {
    return this.#ready.promise;
  }

  /**
   * Resolves when the broker has let this store take from it, or has not been reached at the first attempt; with false when it is stopped
   * before. Stays open where the broker is another store's.
   */
  get brokerAsked(): Promise<boolean> {
    return this.#brokerAsked.promise;
  }

  /** Counters of the current life of the thread, at most a second old. */
  get metrics(): WriterMetrics {
    return this.#metrics;
  }

  /** Times the thread had to be started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** True while the thread has a link to the broker. */
  get isBrokerUp(): boolean {
    return this.#isBrokerUp;
  }

  /** Why the broker could not be reached at the last attempt to make the first connection. */
  get brokerReason(): string | undefined {
    return this.#brokerReason;
  }

  /** Why the store takes no writes and since when; absent while it does. */
  get storeFailure(): StoreFailure | undefined {
    return this.#storeFailure;
  }

  /** Why lives of the thread have ended, and since when, until one is ready. */
  get setback(): StoreFailure | undefined {
    return this.#setback;
  }

  /** What is wrong with the store's file and since when; absent as long as nothing is known of it here. */
  get damage(): StoreFailure | undefined {
    return this.#damage;
  }

  /** A check has found the store's file damaged: each acknowledgement from here on would be one more that no backup has (P1). */
  storeIsDamaged(finding: string): void {
    if (this.#damage !== undefined || this.#isStopping) return;
    this.#noteDamage(finding);
    this.#cancelRestart?.();
    // What is asked for until the thread has ended is refused for the right reason.
    this.#pending.close('store-damaged');
    void this.#worker?.terminate();
  }

  /** The store's file is whole after all. */
  storeIsSound(): void {
    if (this.#damage === undefined || this.#isStopping) return;
    this.#damage = undefined;
    this.#log.info({}, 'the store is sound: the writer starts again');
    // Its last life may be about to end still.
    if (this.#worker === undefined) this.#start();
  }

  /** Why the broker refuses the stream and since when; absent while it does not. */
  get streamFailure(): StreamFailure | undefined {
    return this.#streamFailure;
  }

  /** Promise commands without an answer yet. */
  get promisesPending(): number {
    return this.#pending.size;
  }

  /** Throws `PromiseUnavailable` when too many wait, or when the thread that had it died. */
  promise(command: PromiseCommand): Promise<PromiseOutcome> {
    return this.#pending.put(command);
  }

  /** True while the thread lives. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Called after each commit that changed answers, each SKU once at its latest revision. An empty list means that notices
   * were lost with a thread: look again from the last revision seen. Returns the cancellation.
   */
  onChange(listener: (changes: readonly ChangeNotice[]) => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /** Called when central has begun a new epoch by itself. Returns the cancellation. */
  onEpoch(listener: () => void): () => void {
    this.#epochListeners.add(listener);
    return () => void this.#epochListeners.delete(listener);
  }

  /** Called about once a second with the nodes heard since. Returns the cancellation. */
  onHeard(listener: (heard: readonly Heard[]) => void): () => void {
    this.#heardListeners.add(listener);
    return () => void this.#heardListeners.delete(listener);
  }

  /** Lets the running transaction end. What was not acknowledged is delivered again to the next life. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelRestart?.();
    const message: ToWriter = { type: 'stop' };
    this.#worker?.postMessage(message);
    await this.#exited;
    this.#ready.resolve(false);
    this.#brokerAsked.resolve(false);
  }

  /** Ends the thread at once, as a crash would. For fault tests. */
  async crash(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): void {
    this.#startedAtMs = this.#clock.monotonicMs();
    const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), {
      workerData: { ...this.#config, isStoreChecked: this.#restarts > 0 } satisfies WriterConfig,
    });
    this.#worker = worker;
    worker.on('message', (message: FromWriter) => this.#hear(message));
    worker.on('error', (error) => this.#failed(error));
    this.#exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.once('exit', () => this.#restartLater());
    // Asked to stop before this life began, for example between two of them.
    if (this.#isStopping) void worker.terminate();
  }

  #failed(error: Error): void {
    // Of damage that is met while central runs whoever watches over the file tells; what else is in it goes on being read.
    const isDamaged = tellsOfDamage(error);
    if (isDamaged && this.#wasReady) {
      this.#noteDamage(error.message);
      this.#onDamaged(error.message);
      return;
    }
    const { message: reason } = error;
    const hint = hintOf(error);
    this.#setback = { since: this.#setback?.since ?? this.#clock.now(), reason, hint };
    this.#log.error({ reason, hint }, 'the writer failed');
    if (!isDamaged && !isLasting(error)) return;
    this.#isStopping = true;
    this.#onLasting(isDamaged ? new StoreDamaged(`the store is damaged: ${error.message}`, { cause: error }) : error);
  }

  #noteDamage(finding: string): void {
    const { hint, message: reason } = new StoreDamaged(finding);
    this.#damage ??= { since: this.#clock.now(), reason, hint };
  }

  #openPending(): void {
    const worker = this.#worker;
    this.#pending.open((requests) => {
      const message: ToWriter = { type: 'promise', requests };
      worker?.postMessage(message);
    });
  }

  #restartLater(): void {
    this.#worker = undefined;
    this.#isBrokerUp = false;
    this.#pending.close(this.#isStopping ? 'stopping' : this.#damage === undefined ? 'restarting' : 'store-damaged');
    this.#storeFailure = undefined;
    this.#streamFailure = undefined;
    if (this.#isStopping || this.#damage !== undefined) return;
    if (this.#clock.monotonicMs() - this.#startedAtMs > HEALTHY_AFTER_MS) this.#backoff.reset();
    const delayMs = this.#backoff.nextDelayMs();
    this.#restarts += 1;
    this.#log.warn({ delayMs, restarts: this.#restarts }, 'the writer starts again');
    this.#cancelRestart = this.#clock.after(delayMs, () => this.#start());
  }

  #hear(message: FromWriter): void {
    switch (message.type) {
      case 'ready':
        // Not before: while its store cannot be opened, nobody should wait. Nor for a life that is about to end.
        if (this.#damage === undefined) this.#openPending();
        if (this.#wasReady) for (const listener of this.#changeListeners) listener([]);
        this.#wasReady = true;
        this.#setback = undefined;
        this.#ready.resolve(true);
        return;
      case 'epoch-begun':
        for (const listener of this.#epochListeners) listener();
        return;
      case 'changed':
        for (const listener of this.#changeListeners) listener(message.changes);
        return;
      case 'answers':
        this.#pending.answer(message.answers);
        return;
      case 'heard':
        for (const listener of this.#heardListeners) listener(message.heard);
        return;
      case 'broker':
        this.#isBrokerUp = message.isUp;
        this.#brokerReason = message.reason;
        this.#brokerAsked.resolve(true);
        return;
      case 'stream':
        this.#streamFailure = message.failure;
        return;
      case 'metrics':
        this.#metrics = message.metrics;
        return;
      case 'store':
        this.#storeFailure = message.failure;
        return;
      default:
        unreachable(message);
    }
  }
}

/** What the failure itself says to do, as one of a store that was moved away does. */
function hintOf(error: Error): string {
  if ('hint' in error && typeof error.hint === 'string') return error.hint;
  return 'Look at the disk (kernel log: does it fail, is it read-only?), and whether this user may write there. It is tried again and again.';
}
