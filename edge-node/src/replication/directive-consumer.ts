import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { HeartbeatRequest } from '@edgestock/shared/protocol/control';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { ReplicationCounters } from './counters.ts';
import type { DirectiveInbox, DirectiveRun, DownCursor } from './directive-inbox.ts';
import { DownNeed } from './down-need.ts';
import { failureFacts } from './failure-facts.ts';
import { type DownJudgement, judgeDown } from './judge-down.ts';
import { replicationLimits as limits } from './limits.ts';
import type { DownMessage, Link } from './link.ts';
import { nextTurn } from './next-turn.ts';

/** Why nothing of central is carried out. */
export type DownFence = { readonly cause: 'fork' | 'other-epoch'; readonly reason: string; readonly hint: string };

/** Messages from the head of the queue that are done with together, and what they ask for. */
type Step = { readonly messages: readonly DownMessage[]; readonly run: DirectiveRun | undefined };

/**
 * Carries out central's log, in order, each directive once, whatever the way down loses, repeats or reorders. Only what continues
 * the inbox's own cursor is carried out; everything else is dropped, since central's log is the truth and it sends again what is
 * asked for. A message is acknowledged when its effect is durable, or when it is of no use.
 */
export class DirectiveConsumer {
  readonly #inbox: DirectiveInbox;
  readonly #link: Link;
  readonly #warehouse: WarehouseId;
  readonly #clock: Clock;
  readonly #events: Log;
  readonly #counters: ReplicationCounters;
  readonly #onChange: () => void;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #need = new DownNeed();
  #fence: DownFence | undefined;
  #isTakingUp = false;
  /** As central last said. */
  #centralEpoch: number | undefined;
  /** In the order of arrival; the one loop that empties it is `#working`. */
  #waiting: DownMessage[] = [];
  #waitingBytes = 0;
  #working: Promise<void> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(options: {
    inbox: DirectiveInbox;
    link: Link;
    warehouse: WarehouseId;
    clock: Clock;
    random: Random;
    events: Log;
    counters: ReplicationCounters;
    /** The cursor has moved, a gap has shown, or a fence came or went: central should hear of it. */
    onChange: () => void;
  }) {
    this.#inbox = options.inbox;
    this.#link = options.link;
    this.#warehouse = options.warehouse;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#counters = options.counters;
    this.#onChange = options.onChange;
    this.#backoff = new Backoff({
      firstDelayMs: limits.carryOutRetryFirstMs,
      delayMsMax: limits.carryOutRetryMsMax,
      random: options.random,
    });
  }

  /** Directives carried out, as the batches up say it. */
  get sequence(): number {
    return this.#inbox.cursor().sequence;
  }

  get isNeeding(): boolean {
    return this.#need.isOpen(this.sequence);
  }

  get fence(): DownFence | undefined {
    return this.#fence;
  }

  /** The node's place in central's log for the next heartbeat, which asks for what is missing. */
  place(): NonNullable<HeartbeatRequest['down']> {
    const { centralEpoch, sequence, hash } = this.#inbox.cursor();
    return {
      centralEpoch,
      sequence,
      hash: Buffer.from(hash).toString('hex'),
      ...(this.#need.ask(sequence, this.#clock.monotonicMs()) ? { need: true } : {}),
    };
  }

  /** Takes messages from now on. */
  open(): void {
    if (this.#stopping.signal.aborted) return;
    this.#unsubscribe ??= this.#link.onDown((message) => this.#take(message));
  }

  /** Takes no more; what was not carried out stays unacknowledged, and comes again. */
  close(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** Resolves when what is under way is durable. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.close();
    await this.#working;
  }

  /**
   * The epoch in which central writes now. With `isRecognised`, central knows this node's log for its own, and a later epoch is
   * taken up. Until that is durable nothing more of the earlier one is carried out, nor said to be.
   */
  hear(centralEpoch: number, { isRecognised }: { readonly isRecognised: boolean }): void {
    this.#centralEpoch = centralEpoch;
    const known = this.#inbox.cursor().centralEpoch;
    if (centralEpoch > known && isRecognised) void this.#takeUp(centralEpoch);
    if (known !== 0 && known !== centralEpoch) {
      this.#refuse({
        cause: 'other-epoch',
        reason: `central is in epoch ${centralEpoch}, this node has carried out directives of epoch ${known}`,
        hint:
          centralEpoch > known
            ? 'central was restored from a backup, or begun anew; this node takes up its new epoch by itself'
            : 'an older copy of central runs, which begins a new epoch once it has heard of this; or two of them run. Sales go on',
      });
    } else this.#lift('other-epoch');
  }

  async #takeUp(centralEpoch: number): Promise<void> {
    if (this.#isTakingUp || this.#stopping.signal.aborted) return;
    this.#isTakingUp = true;
    const isFirst = this.#inbox.cursor().centralEpoch === 0;
    try {
      await this.#inbox.takeUpEpoch(centralEpoch);
      this.#need.forget();
      // To a node that has followed no log of central yet, the one there is is no news.
      if (isFirst) this.#events.debug({ centralEpoch }, "central's log is followed from its beginning");
      else this.#events.info({ centralEpoch }, 'central has begun a new epoch, and its log begins anew');
      if (this.#centralEpoch === centralEpoch) this.#lift('other-epoch');
      this.#lift('fork');
      this.#onChange();
    } catch (error) {
      // The next heartbeat tries again.
      this.#events.error(failureFacts(error), "central's new epoch cannot be taken up; trying again");
    } finally {
      this.#isTakingUp = false;
    }
  }

  #take(message: DownMessage): void {
    // The broker offers it again: when there is room, or when the way down is open again.
    if (this.#unsubscribe === undefined || this.#waitingBytes + message.bytes.length > limits.waitingDownBytesMax)
      return;
    this.#waiting.push(message);
    this.#waitingBytes += message.bytes.length;
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0 && this.#unsubscribe !== undefined) {
      try {
        await this.#takeStep();
        this.#backoff.reset();
        await nextTurn();
      } catch (error) {
        // Nobody knows what became durable: everything is judged anew against the inbox's cursor.
        this.#events.error(failureFacts(error), 'directives cannot be carried out; trying again');
        await this.#clock.sleep(this.#backoff.nextDelayMs(), this.#stopping.signal);
      }
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#working = undefined;
  }

  async #takeStep(): Promise<void> {
    const { messages, run } = this.#nextStep();
    if (run !== undefined) {
      await this.#inbox.carryOut(run);
      this.#counters.directivesCarriedOut += run.directives.length;
      this.#need.move(this.#clock.monotonicMs());
    }
    this.#waiting.splice(0, messages.length);
    for (const { bytes, acknowledge } of messages) {
      this.#waitingBytes -= bytes.length;
      acknowledge();
    }
    if (run === undefined) return;
    this.#lift('fork');
    this.#onChange();
  }

  /** The first message, and those after it that continue it: what waits together is one commit. */
  #nextStep(): Step {
    const cursor = this.#inbox.cursor();
    const [first, ...rest] = this.#waiting;
    if (first === undefined) return { messages: [], run: undefined };
    const judgement = this.#judge(first, cursor);
    if (judgement.judgement !== 'apply') {
      this.#drop(judgement, cursor);
      return { messages: [first], run: undefined };
    }
    const messages = [first];
    let { run } = judgement;
    for (const message of rest) {
      const next = this.#judge(message, cursorAfter(run, cursor));
      if (next.judgement !== 'apply' || !doFit(run, next.run)) break;
      messages.push(message);
      run = joined(run, next.run);
    }
    return { messages, run };
  }

  #judge({ bytes }: DownMessage, cursor: DownCursor): DownJudgement {
    const judgement = judgeDown(bytes, { warehouse: this.#warehouse, cursor, centralEpoch: this.#centralEpoch });
    if (judgement.judgement !== 'apply' || this.#fence?.cause !== 'other-epoch') return judgement;
    // Until central says again that it writes the epoch of this node, even what continues it has to wait and come again.
    const { firstSequence, directives } = judgement.run;
    return { judgement: 'gap', lastSequence: firstSequence + directives.length - 1 };
  }

  #drop(judgement: Exclude<DownJudgement, { judgement: 'apply' }>, cursor: DownCursor): void {
    switch (judgement.judgement) {
      case 'duplicate':
        this.#counters.downDuplicates += 1;
        return;
      case 'gap':
        this.#counters.downGaps += 1;
        this.#need.see(judgement.lastSequence, cursor.sequence);
        this.#onChange();
        return;
      case 'unreadable':
        this.#counters.downRefused += 1;
        this.#events.warn(
          { reason: judgement.reason },
          'a message of central cannot be read; it is missed and sent again',
        );
        return;
      case 'other-epoch':
        this.#counters.downRefused += 1;
        return;
      case 'fork':
        this.#counters.downRefused += 1;
        this.#refuse({ cause: 'fork', reason: judgement.reason, hint: judgement.hint });
        return;
      default:
        unreachable(judgement);
    }
  }

  #refuse(fence: DownFence): void {
    if (this.#fence?.cause === fence.cause) return;
    this.#events.error(
      { reason: fence.reason, hint: fence.hint },
      "central's directives are not the ones carried out here",
    );
    this.#fence = fence;
    this.#onChange();
  }

  /** Central's history is this node's again. */
  #lift(cause: DownFence['cause']): void {
    if (this.#fence?.cause !== cause) return;
    this.#events.info({ cause }, "central's directives continue those carried out here");
    this.#fence = undefined;
    this.#onChange();
  }
}

function cursorAfter(
  { centralEpoch, firstSequence, directives, hashes }: DirectiveRun,
  before: DownCursor,
): DownCursor {
  return { centralEpoch, sequence: firstSequence + directives.length - 1, hash: hashes.at(-1) ?? before.hash };
}

function doFit(run: DirectiveRun, next: DirectiveRun): boolean {
  return (
    run.directives.length + next.directives.length <= limits.directivesPerRunMax &&
    bytesOf(run) + bytesOf(next) <= limits.directiveRunBytesMax
  );
}

function bytesOf({ directives }: DirectiveRun): number {
  return directives.reduce((sum, { length }) => sum + length, 0);
}

function joined(run: DirectiveRun, next: DirectiveRun): DirectiveRun {
  return {
    ...run,
    directives: [...run.directives, ...next.directives],
    hashes: [...run.hashes, ...next.hashes],
  };
}
