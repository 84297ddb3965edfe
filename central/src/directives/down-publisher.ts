import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import type { DownSlice, PromiseReader } from '../store/promise-store.ts';
import { batchOf } from './down-batch.ts';
import { DownLane } from './down-lane.ts';
import type { DownLink } from './down-link.ts';
import type { DownMetrics } from './down-metrics.ts';
import { judgeCursor, type NodeDownCursor, type RewindCause } from './judge-cursor.ts';

export type DownPublisherOptions = {
  readonly store: Pick<PromiseReader, 'directivesAfter' | 'downHead' | 'downHashAt'>;
  /** The present one; see `beginEpoch`. */
  readonly centralEpoch: number;
  readonly metrics: DownMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /**
   * A node has carried out what this central does not know to have written. Resolves with whether a new epoch has begun
   * because of it; else the node gets nothing until a person has looked.
   */
  readonly onAhead: (proof: {
    readonly warehouse: WarehouseId;
    readonly heard: number;
    readonly reason: string;
  }) => Promise<boolean>;
  /** The store failed. Where that is for now, the next heartbeats try again. */
  readonly onFailed: (error: unknown) => void;
};

type Sending = {
  readonly lane: DownLane;
  readonly backoff: Backoff;
  cancelRetry: (() => void) | undefined;
  isAtWork: boolean;
};

/**
 * Sends each node central's log for it, in order, from what it has carried out on. Nothing is queued here: what cannot go now
 * is read from the log again later. A node gets nothing before it has told where it stands (one of schema 1 never does), and
 * nothing while that is no place in this log. What was sent and never carried out is sent again: when the node says so, when
 * nothing moves, and whenever the broker may have lost it.
 */
export class DownPublisher implements Service {
  readonly #options: DownPublisherOptions;
  #nodes = new Map<WarehouseId, Sending>();
  #centralEpoch: number;
  /** Carried out, and not written down yet. */
  #news = new Map<WarehouseId, number>();
  #link: DownLink | undefined;
  #isLinkUp = false;
  #isStopped = false;
  readonly #cancelTrim: () => void;

  constructor(options: DownPublisherOptions) {
    this.#options = options;
    this.#centralEpoch = options.centralEpoch;
    this.#cancelTrim = options.clock.every(centralLimits.trimPeriodMs, () => void this.#trim());
  }

  /** The broker is there for the first time. */
  attach(link: DownLink): void {
    this.#link = link;
    this.linkChanged(true);
  }

  /** After an interruption nobody knows what the broker has kept. */
  linkChanged(isUp: boolean): void {
    const isBack = isUp && !this.#isLinkUp;
    this.#isLinkUp = isUp;
    if (!isBack) return;
    for (const node of this.#nodes.values()) {
      node.lane.isEnsured = false;
      this.#sendAgain(node, 'reconnected');
    }
  }

  /** The logs begin anew, and it is committed: whatever is known of the nodes is of logs that are over. */
  beginEpoch(centralEpoch: number): void {
    this.#centralEpoch = centralEpoch;
    for (const { lane, cancelRetry } of this.#nodes.values()) {
      lane.fault = 'its epoch is over';
      cancelRetry?.();
    }
    this.#nodes = new Map();
    this.#news = new Map();
    this.#options.metrics.cursorFaults = 0;
  }

  /** These logs got something new, and it is committed. */
  wake(warehouses: readonly WarehouseId[]): void {
    for (const warehouse of warehouses) {
      const node = this.#nodes.get(warehouse);
      if (node === undefined) continue;
      node.lane.isMore = true;
      this.#sendOn(node);
    }
  }

  /** A heartbeat of the node: where it stands, and whether it misses something. */
  async heard(warehouse: WarehouseId, cursor: NodeDownCursor): Promise<void> {
    const { store, clock, onAhead, onFailed } = this.#options;
    const centralEpoch = this.#centralEpoch;
    if (this.#isStopped) return;
    try {
      const hashThere = await store.downHashAt(warehouse, cursor.sequence);
      const head = await store.downHead(warehouse);
      const node = this.#nodes.get(warehouse) ?? (await this.#take(warehouse));
      // A log that began anew while this was read is another one.
      if (node === undefined || head === undefined || centralEpoch !== this.#centralEpoch) return;
      const { lane } = node;
      const known = { centralEpoch, hashThere, head: head.sequence, known: lane, nowMs: clock.monotonicMs() };
      const verdict = judgeCursor(cursor, known);
      if (verdict.verdict === 'fault') return this.#stand(lane, verdict.fault);
      if (verdict.verdict === 'ahead') {
        const { reason } = verdict;
        const hasBegun = await onAhead({ warehouse, heard: cursor.centralEpoch, reason });
        if (!hasBegun) this.#stand(lane, reason);
        return;
      }
      this.#stand(lane, undefined);
      if (verdict.verdict === 'overtaken' || verdict.verdict === 'earlier-epoch') return;
      this.#acknowledge(lane, cursor.sequence);
      if (verdict.rewind === undefined) return this.#sendOn(node);
      if (verdict.rewind !== 'need') lane.isEnsured = false;
      const isFirst = !lane.isOpen;
      lane.isOpen = true;
      if (isFirst) await this.#forgetEarlierLife(lane);
      this.#rewind(node, cursor.sequence, verdict.rewind);
    } catch (error) {
      onFailed(error);
    }
  }

  /** Another installation goes on for the node: it is sent to from where it says that it stands, as after a start. */
  beginAnew(warehouse: WarehouseId): void {
    this.#nodes.get(warehouse)?.cancelRetry?.();
    this.#nodes.delete(warehouse);
    this.#news.delete(warehouse);
  }

  /** A batch of the node's own log says how far it has come. It does not say of which life of central: it counts only within what was sent. */
  acknowledged(warehouse: WarehouseId, sequence: number): void {
    const node = this.#nodes.get(warehouse);
    if (node === undefined || !node.lane.isOpen || node.lane.fault !== undefined || sequence > node.lane.sent) return;
    if (this.#acknowledge(node.lane, sequence)) this.#sendOn(node);
  }

  /** What was carried out since the last call. */
  takeCarriedOut(): readonly { readonly warehouse: WarehouseId; readonly sequence: number }[] {
    const news = [...this.#news].map(([warehouse, sequence]) => ({ warehouse, sequence }));
    this.#news = new Map();
    return news;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelTrim();
    for (const { cancelRetry } of this.#nodes.values()) cancelRetry?.();
  }

  async #take(warehouse: WarehouseId): Promise<Sending | undefined> {
    const { store, clock, random } = this.#options;
    const head = await store.downHead(warehouse);
    if (head === undefined) return undefined;
    const node: Sending = this.#nodes.get(warehouse) ?? {
      lane: new DownLane(warehouse, head.carriedOut, clock.monotonicMs()),
      backoff: new Backoff({
        firstDelayMs: centralLimits.downRetryFirstMs,
        delayMsMax: centralLimits.downRetryMsMax,
        random,
      }),
      cancelRetry: undefined,
      isAtWork: false,
    };
    this.#nodes.set(warehouse, node);
    return node;
  }

  #acknowledge(lane: DownLane, sequence: number): boolean {
    const isNews = lane.acknowledge(sequence, this.#options.clock.monotonicMs());
    if (isNews) this.#news.set(lane.warehouse, sequence);
    return isNews;
  }

  #stand(lane: DownLane, fault: string | undefined): void {
    const { metrics, log } = this.#options;
    if (fault !== undefined && lane.fault !== fault) {
      const hint =
        'is its data directory an old copy, or does a second central run on a copy of this data? It gets no directives until a person has looked.';
      log.error({ warehouse: lane.warehouse, reason: fault, hint }, 'cursor of a node is not of this log');
    }
    lane.fault = fault;
    metrics.cursorFaults = [...this.#nodes.values()].filter((node) => node.lane.fault !== undefined).length;
  }

  /** What was sent and is not known to be carried out goes again; what is new goes on. */
  #sendAgain(node: Sending, cause: RewindCause): void {
    const { isOpen, sent, carriedOut } = node.lane;
    if (isOpen && sent > carriedOut) this.#rewind(node, carriedOut, cause);
    else this.#sendOn(node);
  }

  #rewind(node: Sending, to: number, cause: RewindCause): void {
    const { metrics, clock, random, log } = this.#options;
    const { lane } = node;
    if (cause !== 'first-contact') {
      metrics.rewinds += 1;
      log.info({ warehouse: lane.warehouse, cause, from: to + 1 }, 'directives are sent again');
    }
    lane.rewind(to, random.hex(3), clock.monotonicMs());
    this.#sendOn(node);
  }

  /** What this process of central left at the broker before it was restarted goes again anyway, from where the node stands. */
  async #forgetEarlierLife(lane: DownLane): Promise<void> {
    try {
      await this.#link?.forget(lane.warehouse);
    } catch (error) {
      // A courtesy: the node drops what it has, and the broker what is old.
      this.#options.log.debug({ warehouse: lane.warehouse, reason: reasonOf(error) }, 'stream down not cleared');
    }
  }

  #sendOn(node: Sending): void {
    if (!node.isAtWork) void this.#sendAll(node).catch(this.#options.onFailed);
  }

  async #sendAll(node: Sending): Promise<void> {
    const { lane } = node;
    node.isAtWork = true;
    try {
      while (this.#canSend(node)) {
        if (!lane.isEnsured && !(await this.#ensure(node))) return;
        const { generation, sent } = lane;
        // Set before the read: what is written meanwhile sets it again.
        lane.isMore = false;
        const slice = await this.#read(lane, sent);
        if (slice === undefined) continue;
        lane.isMore = true;
        // Rewound while it was read, or of a log that is over: it is not what comes next.
        if (lane.canSend && generation === lane.generation && sent === lane.sent) void this.#deliver(node, slice);
      }
    } finally {
      node.isAtWork = false;
    }
  }

  /** What could not be read is still to be sent: the node's next heartbeat tries again. */
  async #read(lane: DownLane, sent: number): Promise<DownSlice | undefined> {
    try {
      return await this.#options.store.directivesAfter(lane.warehouse, sent, {
        directivesMax: Math.min(wireLimits.batchDirectivesMax, lane.room),
        bytesMax: wireLimits.batchBytesMax,
      });
    } catch (error) {
      lane.isMore = true;
      throw error;
    }
  }

  #canSend({ lane, cancelRetry }: Sending): boolean {
    return lane.canSend && cancelRetry === undefined && this.#isLinkUp && !this.#isStopped;
  }

  async #ensure(node: Sending): Promise<boolean> {
    const { lane } = node;
    if (this.#link === undefined) return false;
    try {
      const { isStreamNew } = await this.#link.ensure(lane.warehouse);
      if (isStreamNew) this.#streamLost();
      lane.isEnsured = true;
      return true;
    } catch (error) {
      this.#failed(node, error);
      return false;
    }
  }

  /** The stream was made anew: of what was in it only that is safe which was carried out. */
  #streamLost(): void {
    for (const node of this.#nodes.values()) {
      node.lane.forgetPlaces();
      this.#sendAgain(node, 'stream-lost');
    }
  }

  async #deliver(node: Sending, slice: DownSlice): Promise<void> {
    const { metrics, clock } = this.#options;
    const { lane } = node;
    const { bytes, messageId } = batchOf(lane.warehouse, slice, { centralEpoch: this.#centralEpoch, run: lane.run });
    const { generation } = lane;
    const entry = lane.send(slice.lastSequence, clock.monotonicMs());
    try {
      const stored = await this.#link?.publish(lane.warehouse, bytes, messageId);
      lane.batchesInFlight -= 1;
      metrics.batchesSent += 1;
      metrics.directivesSent += slice.directives.length;
      if (generation === lane.generation && stored !== undefined) {
        lane.delivered(entry, stored.streamSequence);
        node.backoff.reset();
      }
    } catch (error) {
      lane.batchesInFlight -= 1;
      if (generation === lane.generation) this.#failed(node, error);
    }
    this.#sendOn(node);
  }

  /** Whatever the failure, it is unknown what the broker has: from the first doubtful directive on everything goes again. */
  #failed(node: Sending, error: unknown): void {
    // The link was closed with the publisher.
    if (this.#isStopped) return;
    const { metrics, clock, random, log } = this.#options;
    const { lane, backoff } = node;
    metrics.publishFailures += 1;
    const hint = 'is the broker up, and its disk not full? Trying for ever.';
    const facts = { warehouse: lane.warehouse, reason: reasonOf(error), hint };
    if (backoff.attempt === 0) log.warn(facts, 'directives not delivered; trying again');
    lane.isEnsured = false;
    lane.rewindToBroker(random.hex(3), clock.monotonicMs());
    node.cancelRetry?.();
    node.cancelRetry = clock.after(backoff.nextDelayMs(), () => {
      node.cancelRetry = undefined;
      this.#sendOn(node);
    });
  }

  /** A courtesy to the broker's disk. */
  async #trim(): Promise<void> {
    for (const { lane } of this.#nodes.values()) {
      const keepFrom = lane.takeTrim();
      if (keepFrom === undefined) continue;
      try {
        await this.#link?.forget(lane.warehouse, keepFrom);
      } catch (error) {
        this.#options.log.debug({ warehouse: lane.warehouse, reason: reasonOf(error) }, 'stream down not trimmed');
        return;
      }
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
