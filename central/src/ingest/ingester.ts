import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { centralLimits } from '../limits.ts';
import type { VerifiedBatch } from '../rules/verified-batch.ts';
import type { Applied, BatchOutcome, CentralStore, StatesOutcome } from '../store/central-store.ts';
import { restMsAfter } from './commit-rest.ts';
import type { DigestWatch } from './digest-watch.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { isSmall, MessageQueue } from './message-queue.ts';
import type { NodeCursors } from './node-cursors.ts';
import { RejectCounter } from './reject-counter.ts';
import type { SourceMessage } from './source.ts';
import type { StoreWrites } from './store-writes.ts';
import { type Verification, verifyBatch, verifyStates } from './verify-batch.ts';
import type { WantedStates } from './wanted-states.ts';

export type IngesterOptions = {
  readonly store: CentralStore;
  readonly cursors: NodeCursors;
  readonly wanted: WantedStates;
  readonly digests: DigestWatch;
  readonly writes: StoreWrites;
  readonly metrics: IngestMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Lets those go first who wait for a promise: a reservation waits for one transaction of ingest and no more. */
  readonly yieldTurn: () => Promise<void>;
  /** Called after each commit with what it changed. */
  readonly onCommitted: (applied: Applied<unknown>) => void;
  /** A node's batch was applied that says how far it has carried out central's log. */
  readonly onDownAcknowledged: (warehouse: WarehouseId, sequence: number) => void;
  /** The store failed, and not for want of room: nothing of the group was acknowledged. Nothing more is applied. */
  readonly onFailed: (error: unknown) => void;
};

const SEE_QUARANTINE = 'GET /v1/quarantine shows what was put aside';

type Taken<T> = { readonly message: SourceMessage; readonly value: T };

/**
 * Takes messages to the store. What waits when a commit ends shares the next one (group commit over nodes), each with its
 * own outcome. Order of events for a message: checked, committed, cursor at hand moved, acknowledged. A crash anywhere
 * repeats harmlessly, because the store recognises what it has.
 */
export class Ingester {
  readonly #options: IngesterOptions;
  readonly #queue = new MessageQueue();
  readonly #rejects = new RejectCounter();
  #isRunning = false;
  readonly #stopping = new AbortController();
  #isStopped = false;
  #whenIdle: (() => void) | undefined;

  constructor(options: IngesterOptions) {
    this.#options = options;
  }

  /** Resolves when there is room for the next message. */
  accept(message: SourceMessage): Promise<void> {
    const room = this.#queue.put(message);
    this.#options.metrics.queuedMessages = this.#queue.size;
    if (!this.#isRunning && !this.#isStopped) {
      this.#isRunning = true;
      // Not at once: what arrives in the same turn shares the transaction.
      setImmediate(() => void this.#run());
    }
    return room;
  }

  /** Lets the running transaction end; what still waits is left to be delivered again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopping.abort();
    if (this.#isRunning) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopped && this.#queue.size > 0) {
        await this.#takeStates();
        await this.#letOthersIn();
        const deltas = await this.#takeLogs();
        await this.#letOthersIn();
        await this.#rest(deltas);
      }
    } catch (error) {
      // A write that waited for room when it was stopped: what it was to write is delivered again.
      if (!this.#stopping.signal.aborted) this.#options.onFailed(error);
      this.#isStopped = true;
    }
    this.#isRunning = false;
    this.#whenIdle?.();
  }

  /** Lets the sockets be read (what has arrived meanwhile is the next group), and then those who wait for a promise. */
  async #letOthersIn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await this.#options.yieldTurn();
  }

  async #takeStates(): Promise<void> {
    const { store, clock, metrics } = this.#options;
    const taken = await this.#verified(this.#queue.takeStates(), verifyStates);
    if (taken.length === 0) return;
    const startedMs = clock.monotonicMs();
    const states = taken.map(({ value }) => value);
    const applied = await this.#held(() => store.applyStates(states, clock.now()));
    this.#committed(startedMs, applied);
    for (const [index, outcome] of applied.outcomes.entries()) {
      const one = taken[index];
      if (one === undefined) continue;
      if (outcome.outcome === 'applied') {
        metrics.statesApplied += 1;
        if (outcome.repaired !== undefined) this.#options.digests.repaired(one.value.warehouse, outcome.repaired);
      } else {
        metrics.statesRefused += 1;
        this.#refusedStates(one.value, outcome);
      }
      one.message.acknowledge();
    }
  }

  /** Lets more come together after a commit; whoever waits for a promise meanwhile is served at once. */
  async #rest(deltas: number): Promise<void> {
    const { clock } = this.#options;
    const ms = restMsAfter(deltas);
    if (ms > 0) await clock.sleep(ms, this.#stopping.signal);
  }

  /** Tells how many deltas were in the commit. */
  async #takeLogs(): Promise<number> {
    const { store, clock } = this.#options;
    const taken = await this.#nextGroup();
    if (taken.length === 0) return 0;
    const startedMs = clock.monotonicMs();
    const batches = taken.map(({ value }) => value);
    const applied = await this.#held(() => store.applyBatches(batches, clock.now()));
    this.#committed(startedMs, applied);
    for (const [index, outcome] of applied.outcomes.entries()) {
      const one = taken[index];
      if (one === undefined) continue;
      this.#settle(one.value, outcome);
      one.message.acknowledge();
    }
    return batches.reduce((sum, { entries }) => sum + entries.length, 0);
  }

  /**
   * Batches for one transaction, in turns between the nodes, up to the size that keeps a live sale from waiting long. Small ones do
   * not wait for the backlog of another node that would share their commit.
   */
  async #nextGroup(): Promise<Taken<VerifiedBatch>[]> {
    const group: Taken<VerifiedBatch>[] = [];
    let deltas = 0;
    while (deltas < centralLimits.groupDeltasMax && group.length < centralLimits.groupMessagesMax) {
      const joinsSmall = group.length > 0 && group.every(({ message }) => isSmall(message));
      const messages = this.#queue.takeLogs(centralLimits.groupMessagesMax - group.length, { joinsSmall });
      if (messages.length === 0) break;
      for (const one of await this.#verified(messages, verifyBatch)) {
        group.push(one);
        deltas += one.value.entries.length;
      }
    }
    return group;
  }

  /** Waits while the store is full: the queue behind it fills, and the source stops reading. */
  #held<T>(write: () => Promise<T>): Promise<T> {
    return this.#options.writes.hold(write, this.#stopping.signal);
  }

  #committed(startedMs: number, applied: Applied<unknown>): void {
    const { metrics, clock, onCommitted } = this.#options;
    metrics.commits += 1;
    metrics.commitMs += clock.monotonicMs() - startedMs;
    metrics.queuedMessages = this.#queue.size;
    onCommitted(applied);
  }

  #settle({ batch, entries }: VerifiedBatch, outcome: BatchOutcome): void {
    const { cursors, wanted, metrics, log, onDownAcknowledged } = this.#options;
    const { warehouse, epoch, firstSequence, lastSequence } = batch;
    const facts = { warehouse, epoch, firstSequence, lastSequence };
    if ('digest' in outcome && outcome.digest !== undefined) this.#options.digests.compared(warehouse, outcome.digest);
    switch (outcome.outcome) {
      case 'applied':
        metrics.batchesApplied += 1;
        metrics.deltasApplied += entries.length - outcome.quarantined;
        metrics.deltasQuarantined += outcome.quarantined;
        // First, so that the heartbeat that waits for the cursor can ask for it at once.
        if (outcome.quarantined > 0) wanted.suspect(warehouse);
        // Before, it may speak of the log of an earlier epoch.
        if (cursors.isSettled(warehouse)) onDownAcknowledged(warehouse, batch.downAck);
        cursors.advance(warehouse, outcome.appliedUpTo, outcome.appliedHash);
        if (outcome.quarantined > 0) {
          log.warn({ ...facts, deltas: outcome.quarantined, hint: SEE_QUARANTINE }, 'deltas put aside');
        }
        return;
      case 'duplicate':
        metrics.batchesDuplicate += 1;
        return;
      case 'gap':
        metrics.batchesGap += 1;
        cursors.gap(warehouse);
        log.debug({ ...facts, need: outcome.need }, 'gap in a log');
        return;
      case 'late-epoch':
        metrics.batchesLate += 1;
        log.warn({ ...facts, currentEpoch: outcome.currentEpoch, hint: SEE_QUARANTINE }, 'late fact put aside');
        return;
      case 'unknown-epoch':
        metrics.batchesUnknownEpoch += 1;
        log.warn({ ...facts, hint: 'the node must enrol first' }, 'batch of an unknown epoch rejected');
        return;
      case 'fork':
      case 'fenced':
        metrics.batchesFenced += 1;
        cursors.fence(warehouse, outcome.reason);
        log.error(
          { ...facts, reason: outcome.reason, hint: `two installations of one warehouse? ${SEE_QUARANTINE}` },
          'node fenced',
        );
        return;
      default:
        unreachable(outcome);
    }
  }

  #refusedStates(message: StateMessage, outcome: Exclude<StatesOutcome, { outcome: 'applied' }>): void {
    const { warehouse, epoch } = message;
    this.#options.log.warn({ warehouse, epoch, outcome: outcome.outcome }, 'states refused');
  }

  /** What can be read; the rest is counted, asked for again, and in the end put aside (docs/protocol.md "The log up"). */
  async #verified<T>(
    messages: readonly SourceMessage[],
    verify: (subjectWarehouse: string, bytes: Uint8Array) => Verification<T>,
  ): Promise<Taken<T>[]> {
    const taken: Taken<T>[] = [];
    for (const message of messages) {
      const verification = verify(message.subjectWarehouse, message.bytes);
      if (verification.outcome === 'verified') taken.push({ message, value: verification.value });
      else await this.#reject(message, verification.fault);
    }
    return taken;
  }

  async #reject(message: SourceMessage, fault: string): Promise<void> {
    const { store, cursors, metrics, clock, log } = this.#options;
    metrics.messagesRejected += 1;
    const { subjectWarehouse, bytes } = message;
    const times = this.#rejects.count(subjectWarehouse, bytes);
    log.warn({ warehouse: subjectWarehouse, lane: message.lane, fault, times }, 'unreadable message rejected');
    const warehouse: WarehouseId | undefined = parseWarehouseId(subjectWarehouse);
    if (warehouse !== undefined) {
      if (times >= centralLimits.identicalRejectsMax) {
        await this.#held(() => store.quarantine({ warehouse, reason: 'opaque', detail: fault, bytes }, clock.now()));
      }
      if (message.lane === 'up') cursors.gap(warehouse);
    }
    message.acknowledge();
  }
}
