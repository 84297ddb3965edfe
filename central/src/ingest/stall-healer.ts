import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { shardOf } from '@edgestock/shared/protocol/subjects';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import { type LastStep, type ProbeResult, type Remedy, remedyFor, type StalledShard } from '../rules/stall-remedy.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import type { Stall, StallWatch } from './stall-watch.ts';
import { type StreamFailure, streamStuck } from './stream-failure.ts';

/** What can be done at a broker that takes messages and does not deliver them. All of it is harmless: nodes send again. */
export type BrokerRepairs = {
  /** True when the broker has messages of the shard that it has not handed out yet. */
  hasMore(shard: number): Promise<boolean>;
  /** Drops what the broker holds of the log of one node. */
  purge(warehouse: WarehouseId): Promise<void>;
  /** Sends a message through the shard to central itself; never rejects. An aborted signal ends the wait for it. */
  probe(shard: number, signal: AbortSignal): Promise<ProbeResult>;
  remakeConsumer(shard: number): Promise<void>;
  remakeStream(): Promise<void>;
};

export type StallHealerOptions = {
  readonly watch: Pick<StallWatch, 'stalls' | 'isMoving' | 'dropped'>;
  readonly repairs: BrokerRepairs;
  readonly metrics: Pick<IngestMetrics, 'subjectsPurged' | 'consumersRemade' | 'streamsRemade'>;
  /** Told when nothing helps that central can do, and with `undefined` when the nodes get through again. */
  readonly onStuck: (failure: StreamFailure | undefined) => void;
  readonly clock: Clock;
  readonly log: Log;
};

/** What was done about a shard in which nodes stand still. Monotonic milliseconds. */
type ShardCase = {
  last: (Pick<LastStep, 'step'> & { readonly result?: ProbeResult; readonly atMs: number }) | undefined;
  isConsumerRemade: boolean;
};

const PURGED_HINT = 'the broker took it and did not deliver it: was its store damaged? The node sends it again';
const WORKS_HINT =
  'the broker carries messages of this shard: look at the log and the status of the node, and whether its account may publish';

/**
 * Puts right a broker that does not deliver what nodes have sent, which neither of them is told: a damaged block of its store swallows
 * what is written into it (nats-server 2.9), or a stream takes nothing more after its disk was full (2.14 and later). What is
 * done, and in which order, is decided in rules/stall-remedy.ts.
 */
export class StallHealer implements Service {
  readonly #options: StallHealerOptions;
  readonly #cancel: () => void;
  readonly #cases = new Map<number, ShardCase>();
  readonly #purgedAtMs = new Map<WarehouseId, number>();
  #streamRemadeAtMs: number | undefined;
  #isTold = false;
  readonly #stopping = new AbortController();
  #checking: Promise<void> | undefined;

  constructor(options: StallHealerOptions) {
    this.#options = options;
    this.#cancel = options.clock.every(centralLimits.stallCheckPeriodMs, () => {
      this.#checking ??= this.#check().finally(() => {
        this.#checking = undefined;
      });
    });
  }

  async stop(): Promise<void> {
    this.#cancel();
    this.#stopping.abort();
    await this.#checking;
  }

  async #check(): Promise<void> {
    const byShard = Map.groupBy(this.#options.watch.stalls(), ({ warehouse }) => shardOf(warehouse));
    for (const shard of [...this.#cases.keys()]) if (!byShard.has(shard)) this.#close(shard);
    for (const [shard, stalls] of byShard) {
      const remedy = remedyFor(this.#factsOf(shard, stalls));
      if (remedy === undefined || (await this.#isBacklogged(shard))) continue;
      await this.#carryOut(remedy, shard, stalls);
    }
  }

  #factsOf(shard: number, stalls: readonly Stall[]): StalledShard {
    const { last, isConsumerRemade = false } = this.#cases.get(shard) ?? {};
    return {
      nodes: stalls.map(({ warehouse, stalledMs }) => {
        return { warehouse, stalledMs, purgedAgoMs: this.#ago(this.#purgedAtMs.get(warehouse)) };
      }),
      last: last && ({ ...last, agoMs: this.#ago(last.atMs) } as LastStep),
      isConsumerRemade,
      streamRemadeAgoMs: this.#ago(this.#streamRemadeAtMs),
    };
  }

  /** Every step is noted whether it succeeded or not: one that failed is not tried over and over, the next one comes. */
  async #carryOut(remedy: Remedy, shard: number, stalls: readonly Stall[]): Promise<void> {
    const { repairs, metrics } = this.#options;
    switch (remedy.remedy) {
      case 'purge':
        for (const stall of stalls) if (remedy.warehouses.includes(stall.warehouse)) await this.#purge(stall);
        return;
      case 'probe':
        return this.#probe(shard, stalls);
      case 'remake-consumer': {
        const failure = await this.#attempt('its consumer', shard, () => repairs.remakeConsumer(shard));
        if (failure === undefined) metrics.consumersRemade += 1;
        this.#note(shard, { step: 'consumer-remade' });
        return;
      }
      case 'remake-stream': {
        const failure = await this.#attempt('the stream', shard, () => repairs.remakeStream());
        if (failure === undefined) metrics.streamsRemade += 1;
        else this.#tell(failure);
        this.#streamRemadeAtMs = this.#now;
        this.#note(shard, { step: 'stream-remade' });
        return;
      }
      default:
        return unreachable(remedy);
    }
  }

  async #purge({ warehouse, appliedUpTo, stalledMs }: Stall): Promise<void> {
    const { repairs, metrics, watch, log } = this.#options;
    this.#purgedAtMs.set(warehouse, this.#now);
    try {
      await repairs.purge(warehouse);
    } catch (error) {
      log.warn(
        { warehouse, appliedUpTo, reason: reasonOf(error) },
        'what the broker holds of a node cannot be dropped',
      );
      return;
    }
    metrics.subjectsPurged += 1;
    watch.dropped(warehouse);
    log.warn({ warehouse, appliedUpTo, stalledMs, hint: PURGED_HINT }, 'dropped what the broker held of a node');
  }

  async #probe(shard: number, stalls: readonly Stall[]): Promise<void> {
    const { repairs, log } = this.#options;
    const result = await repairs.probe(shard, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    this.#note(shard, { step: 'probed', result });
    const facts = { shard, warehouses: stalls.map(({ warehouse }) => warehouse) };
    if (result === 'arrived') {
      log.warn({ ...facts, hint: WORKS_HINT }, 'nodes stand still, and the broker works');
      return;
    }
    log.error({ ...facts, result }, 'the broker does not carry messages of this shard');
    const isRemade = this.#ago(this.#streamRemadeAtMs) ?? Number.POSITIVE_INFINITY;
    if (isRemade < centralLimits.stallRemakeRepeatMs) this.#tell(`a probe was ${result}`);
  }

  /** The reason when it failed. */
  async #attempt(what: string, shard: number, act: () => Promise<void>): Promise<string | undefined> {
    const { log } = this.#options;
    try {
      await act();
    } catch (error) {
      const reason = reasonOf(error);
      log.error({ shard, reason }, `${what} cannot be made anew`);
      return reason;
    }
    log.warn({ shard, hint: 'nothing is lost: the nodes send again' }, `${what} was made anew`);
    return undefined;
  }

  /** Its nodes move again, or are gone. */
  #close(shard: number): void {
    this.#cases.delete(shard);
    this.#options.log.info({ shard }, 'no node of the shard stands still any more');
    if (!this.#isTold || this.#cases.size > 0) return;
    this.#isTold = false;
    this.#options.onStuck(undefined);
  }

  #note(shard: number, last: { readonly step: LastStep['step']; readonly result?: ProbeResult }): void {
    const isConsumerRemade = last.step === 'consumer-remade' || (this.#cases.get(shard)?.isConsumerRemade ?? false);
    this.#cases.set(shard, { last: { ...last, atMs: this.#now }, isConsumerRemade });
  }

  #tell(reason: string): void {
    const { onStuck, log, clock } = this.#options;
    const failure = streamStuck(reason, clock.now());
    if (this.#isTold) return;
    this.#isTold = true;
    log.error({ reason, hint: failure.hint }, 'the broker is stuck, and nothing that central can do helps');
    onStuck(failure);
  }

  /** The shard gets on, and there is more to come: what stands still may wait behind it. A broker that does not say has nothing. */
  async #isBacklogged(shard: number): Promise<boolean> {
    const { watch, repairs } = this.#options;
    return watch.isMoving(shard) && (await repairs.hasMore(shard).catch(() => false));
  }

  get #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #ago(atMs: number | undefined): number | undefined {
    return atMs === undefined ? undefined : this.#now - atMs;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
