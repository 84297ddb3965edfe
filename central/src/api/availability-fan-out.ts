import type { Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { StoreFailing } from '../store/store-failing.ts';
import { eventIdOf } from './event-id.ts';
import { apiLimits } from './limits.ts';
import { eventFrame, heartbeatFrame, positionFrame } from './server-sent-events.ts';
import type { StoreLife } from './store-life.ts';
import type { StreamClient } from './stream-client.ts';

/** That the answer about a SKU changed, and the place of that change. */
export type AnswerChange = { readonly sku: Sku; readonly revision: number };
export type RenderedAnswer = AnswerChange & { readonly json: string };

/** Where the answers come from. Both lists are of one moment each. */
export type AnswerSource = {
  /** Place of the latest change. */
  revision(): Promise<number>;
  /** The next changes after a place, oldest first; each SKU once, at its latest change. */
  changesAfter(revision: number, limit: number): Promise<readonly AnswerChange[]>;
  /** The answers of now, in any order; one for each SKU. */
  answers(skus: readonly Sku[]): Promise<readonly RenderedAnswer[]>;
};

/**
 * Feeds every event stream from one reading of the changes. Each change is rendered and encoded once, however many listen.
 *
 * The order is what makes a stream resumable: changes are read from the store by revision, never taken from the notices
 * (which only say that it is worth looking), so when a reader has seen id R it has had everything of its topic up to R. An
 * answer may be newer than the id it travels under, never older; the newer change then comes once more under its own id.
 *
 * A reader that does not keep up is no longer fed. When it has room again it is caught up from where it stopped, with the
 * latest answers only. So memory is bounded by readers times `streamBufferBytesMax`, and a slow reader misses
 * intermediate values, never the last one. One that takes nothing at all is cut off and may resume later.
 */
export class AvailabilityFanOut implements Service {
  readonly #source: AnswerSource;
  readonly #life: Pick<StoreLife, 'current'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #clients = new Set<StreamClient>();
  readonly #listenersToAll = new Set<StreamClient>();
  readonly #listenersBySku = new Map<Sku, Set<StreamClient>>();
  readonly #cancelTimers: readonly (() => void)[];
  /** Every change up to here was fanned out. */
  #cursor: number;
  #isLooking = false;
  #isLookDue = false;
  #isStopped = false;

  private constructor(options: FanOutOptions, cursor: number) {
    this.#source = options.source;
    this.#life = options.life;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#cursor = cursor;
    this.#cancelTimers = [
      options.clock.every(apiLimits.fanOutPeriodMsMax, () => this.wake()),
      options.clock.every(apiLimits.heartbeatPeriodMs, () => this.#beat()),
    ];
  }

  /** Begins with the changes that are still to come. */
  static async start(options: FanOutOptions): Promise<AvailabilityFanOut> {
    return new AvailabilityFanOut(options, await options.source.revision());
  }

  get streamCount(): number {
    return this.#clients.size;
  }

  /** Takes a reader in and brings it up to date. Without a place to resume from, a stream of all changes begins now. */
  async join(client: StreamClient): Promise<void> {
    if (await this.#isFromAnotherLife(client)) client.sentUpTo = client.topic === 'all-changes' ? 0 : -1;
    if (this.#isStopped) return client.end();
    if (client.isGone) return;
    this.#clients.add(client);
    for (const listeners of this.#listenersFor(client)) listeners.add(client);
    if (client.topic === 'all-changes' && client.sentUpTo < 0) {
      client.sentUpTo = this.#cursor;
      client.offer(positionFrame(eventIdOf(this.#life.current, this.#cursor)));
    }
    await this.catchUp(client);
  }

  leave(client: StreamClient): void {
    this.#clients.delete(client);
    for (const listeners of this.#listenersFor(client)) listeners.delete(client);
    if (client.topic === 'all-changes') return;
    for (const sku of client.topic.skus)
      if (this.#listenersBySku.get(sku)?.size === 0) this.#listenersBySku.delete(sku);
  }

  /** Something may have changed. Cheap: many calls lead to one look. */
  wake(): void {
    this.#isLookDue = true;
    if (!this.#isLooking && !this.#isStopped) void this.#look();
  }

  /** Brings a reader that is behind up to the others, as far as it has room; called again when it has room. */
  async catchUp(client: StreamClient): Promise<void> {
    if (client.isCatchingUp || client.isLive || !this.#clients.has(client)) return;
    client.isCatchingUp = true;
    try {
      let hasRoom = true;
      while (hasRoom && !client.isLive && !client.isGone && !this.#isStopped) {
        // Asked again after the page: the reader may have taken everything while this was still catching up, and tells only once.
        hasRoom = (await this.#catchUpOnce(client)) || client.hasRoom;
      }
    } catch (error) {
      this.#log.error({ error, hint: 'the stream is cut; its reader resumes where it was' }, 'stream not caught up');
      client.cut();
      this.leave(client);
    } finally {
      client.isCatchingUp = false;
    }
  }

  /** Ends every stream in good order; readers come back with the last id they saw. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancelTimers) cancel();
    for (const client of [...this.#clients]) {
      client.end();
      this.leave(client);
    }
  }

  /**
   * A place beyond the latest change, though of this life, was given by a central whose disk has since lost its last commits.
   * What the reader has seen since then is not what is true now: it gets everything of its topic.
   */
  async #isFromAnotherLife({ sentUpTo }: StreamClient): Promise<boolean> {
    return sentUpTo > this.#cursor && sentUpTo > (await this.#source.revision());
  }

  /** One page; false when the reader's buffer is full. */
  async #catchUpOnce(client: StreamClient): Promise<boolean> {
    // Taken before the store is read: what was fanned out up to here is in what is read, or was replaced by something newer.
    const cursor = this.#cursor;
    const { events, isPageFull } = await this.#missedBy(client, cursor);
    for (const event of events) {
      if (!client.offer(this.#frameOf(event))) return false;
      client.sentUpTo = event.id;
    }
    if (isPageFull) return true;
    client.sentUpTo = Math.max(client.sentUpTo, cursor);
    // Where something was fanned out meanwhile, this reader was not among those who got it: another round.
    client.isLive = this.#cursor === cursor;
    return true;
  }

  async #missedBy(client: StreamClient, cursor: number): Promise<{ events: readonly Event[]; isPageFull: boolean }> {
    const after = client.sentUpTo;
    if (client.topic === 'all-changes') {
      const changes = await this.#source.changesAfter(after, apiLimits.changesPageMax);
      return { events: await this.#eventsOf(changes), isPageFull: changes.length === apiLimits.changesPageMax };
    }
    const answers = await this.#source.answers([...client.topic.skus]);
    const missed = answers.filter(({ revision }) => revision > after).sort((a, b) => a.revision - b.revision);
    // These are one moment's answers, later than the cursor. An id beyond it would say that all up to there was seen, but
    // the fan-out may still bring something that lies between.
    return {
      events: missed.map(({ sku, revision, json }) => ({ id: Math.min(revision, cursor), sku, data: json })),
      isPageFull: false,
    };
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      while (this.#isLookDue && !this.#isStopped) {
        this.#isLookDue = false;
        if (this.#clients.size === 0) await this.#skipAhead();
        else if (await this.#fanOutPage()) this.#isLookDue = true;
        else await this.#clock.sleep(apiLimits.fanOutPeriodMsMin);
      }
    } catch (error) {
      // Of a store that fails for now the thread that writes tells, once.
      const level = error instanceof StoreFailing ? 'debug' : 'error';
      this.#log[level]({ error, hint: 'the streams wait; the next look tries again' }, 'changes not read');
    } finally {
      this.#isLooking = false;
    }
  }

  /** Nobody listens: nothing is read that nobody gets. A reader that came meanwhile is fed from the old place. */
  async #skipAhead(): Promise<void> {
    const revision = await this.#source.revision();
    if (this.#clients.size === 0) this.#cursor = revision;
  }

  /** Sends one page of changes to whom they concern; true when there may be more. */
  async #fanOutPage(): Promise<boolean> {
    const changes = await this.#source.changesAfter(this.#cursor, apiLimits.changesPageMax);
    const wanted = this.#listenersToAll.size > 0 ? changes : changes.filter(({ sku }) => this.#listenersBySku.has(sku));
    const events = await this.#eventsOf(wanted);
    // No pause from here on: a reader that is being caught up sees the cursor before or after all of it, never between.
    for (const event of events) this.#send(event);
    this.#cursor = changes.at(-1)?.revision ?? this.#cursor;
    return changes.length === apiLimits.changesPageMax;
  }

  async #eventsOf(changes: readonly AnswerChange[]): Promise<readonly Event[]> {
    if (changes.length === 0) return [];
    const answers = await this.#source.answers(changes.map(({ sku }) => sku));
    const jsonBySku = new Map(answers.map(({ sku, json }) => [sku, json]));
    return changes.map(({ sku, revision }) => ({
      id: revision,
      sku,
      data: must(jsonBySku.get(sku), 'an answer was asked for and not given'),
    }));
  }

  #send(event: Event): void {
    const frame = this.#frameOf(event);
    for (const listeners of [this.#listenersToAll, this.#listenersBySku.get(event.sku) ?? []]) {
      for (const client of listeners) {
        if (!client.isLive || event.id <= client.sentUpTo) continue;
        if (client.offer(frame)) client.sentUpTo = event.id;
        else client.fallBehind();
      }
    }
  }

  #frameOf({ id, data }: Event): Uint8Array {
    return eventFrame({ id: eventIdOf(this.#life.current, id), data });
  }

  #beat(): void {
    for (const client of this.#clients) {
      if (client.isLive) client.offer(heartbeatFrame);
      else if (client.isStalledFor(apiLimits.streamStalledMsMax)) {
        this.#log.info({ sentUpTo: client.sentUpTo, hint: 'its reader takes nothing; it may resume' }, 'stream cut');
        client.cut();
        this.leave(client);
      }
    }
  }

  #listenersFor(client: StreamClient): readonly Set<StreamClient>[] {
    if (client.topic === 'all-changes') return [this.#listenersToAll];
    return [...client.topic.skus].map((sku) => {
      const listeners = this.#listenersBySku.get(sku) ?? new Set<StreamClient>();
      this.#listenersBySku.set(sku, listeners);
      return listeners;
    });
  }
}

type FanOutOptions = {
  readonly source: AnswerSource;
  /** Of the store whose revisions these are. */
  readonly life: Pick<StoreLife, 'current'>;
  readonly clock: Clock;
  readonly log: Log;
};
type Event = { readonly id: number; readonly sku: Sku; readonly data: string };
