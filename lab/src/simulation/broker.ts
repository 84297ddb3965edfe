import type { DownLink } from '@edgestock/central/directives/down-link';
import type { DownPublisher } from '@edgestock/central/directives/down-publisher';
import type { SourceListener } from '@edgestock/central/ingest/source';
import { LinkError } from '@edgestock/edge-node/replication/link';
import type { FarEnd } from '@edgestock/edge-node/testing/simulated-link';
import { SimulatedStream } from '@edgestock/edge-node/testing/simulated-stream';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { snapshotRequest } from '@edgestock/shared/protocol/snapshot';
import { warehouseOfSubject } from '@edgestock/shared/protocol/subjects';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import type { Chance } from './chance.ts';
import { damagedChunk } from './damaged-chunk.ts';
import { type Stored, UpStream } from './up-stream.ts';

/** After this time what central did not acknowledge is offered again. */
const ACK_WAIT_MS = 2_000;
/** So long it takes until somebody notices that a consumer waits for what the stream has not got. */
const WATCHED_AFTER_MS = [5_000, 40_000] as const;

/** What the way between the broker and central does. Probabilities are of one message. */
export type CentralFaults = {
  readonly isCut: boolean;
  /** A publish is stored and its acknowledgement lost, or it is acknowledged and forgotten. */
  readonly downAckLoss: number;
  readonly downLoss: number;
  /** A message is damaged where it is stored, either way. */
  readonly corruption: number;
  readonly delayMs: readonly [number, number];
};

export const noCentralFaults: CentralFaults = {
  isCut: false,
  downAckLoss: 0,
  downLoss: 0,
  corruption: 0,
  delayMs: [0, 1],
};

/** What a power cut leaves beside the messages that it leaves: which of it is chance with a real broker. */
export type PowerCut = {
  readonly messages: number;
  /** What was lost and is sent again is swallowed for its known id. */
  readonly areIdsKnown: boolean;
  /** The consumers remember more than the streams: they wait for places that come a second time. */
  readonly isConsumerAhead: boolean;
};

type Central = { readonly listener: SourceListener; readonly down: DownPublisher };

/**
 * The broker of one run, in memory: keeps what goes up until central has acknowledged it, what goes down until the node has, and
 * may lose the end of either. What happens on the nodes' side of it is the business of their links.
 */
export class Broker {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #up = new UpStream();
  readonly #streams = new Map<WarehouseId, SimulatedStream>();
  #central: Central | undefined;
  #isStreamNew = false;
  #atNextArrival: (() => void) | undefined;
  faults: CentralFaults = noCentralFaults;
  damagedChunks = 0;
  #chunksToDamage = 0;

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** Messages that central has not acknowledged. */
  get waitingUp(): number {
    return this.#up.waiting;
  }

  /** The far end of a node's link. */
  farEnd(): FarEnd {
    return {
      deliver: (subject, bytes) => this.#store(subject, bytes),
      answer: (subject, body) => this.#answer(subject, body),
    };
  }

  streamOf(warehouse: WarehouseId): SimulatedStream {
    const known = this.#streams.get(warehouse);
    if (known !== undefined) return known;
    const stream = new SimulatedStream();
    this.#streams.set(warehouse, stream);
    return stream;
  }

  /** Central connects, in its clock; what comes back disconnects it for good. */
  connect(central: Central, clock: Clock): Service {
    this.#central = central;
    central.down.attach(this.#downLink(clock));
    if (this.faults.isCut) central.down.linkChanged(false);
    this.#offerAll();
    return { stop: async () => this.disconnect() };
  }

  disconnect(): void {
    this.#central = undefined;
  }

  /** Cuts or heals the line to central. */
  setCut(isCut: boolean): void {
    if (isCut === this.faults.isCut) return;
    this.faults = { ...this.faults, isCut };
    this.#central?.down.linkChanged(!isCut);
    if (isCut) return;
    this.#central?.listener.interrupted();
    this.#offerAll();
  }

  /** Calls back once, when central has been told something by a node: the moment at which a crash hurts most. */
  atNextArrival(callback: () => void): void {
    this.#atNextArrival = callback;
  }

  /** So many chunks of snapshots are damaged on their way, or were before they set out: the next ones, whenever they come. */
  damageChunks(count: number): void {
    this.#chunksToDamage = count;
  }

  /** Power fails at the broker: the end of what it had acknowledged is gone, both ways. */
  losePower(cut: PowerCut): void {
    this.#up.loseEnd(cut.messages, cut);
    for (const stream of this.#streams.values()) stream.loseEnd(cut.messages, cut);
    const [soonest, latest] = WATCHED_AFTER_MS;
    this.#clock.after(this.#chance.between(soonest, latest), () => this.renewConsumers());
  }

  /** Every consumer is made anew, and begins anew: what it had acknowledged comes again. */
  renewConsumers(): void {
    for (const stored of this.#up.renewConsumer()) this.#offer(stored);
    for (const stream of this.#streams.values()) stream.renewConsumer();
  }

  /** An operator deletes the stream up. */
  deleteUp(): void {
    this.#up.clear();
  }

  /** An operator deletes the stream down. */
  deleteDown(): void {
    for (const stream of this.#streams.values()) stream.clear();
    this.#isStreamNew = true;
  }

  #store(subject: string, bytes: Uint8Array): void {
    const lane = subject.includes('.state.') ? 'state' : 'up';
    const stored = this.#up.add({ lane, subjectWarehouse: warehouseOfSubject(subject), bytes: this.#kept(bytes) });
    if (stored !== undefined) this.#offer(stored);
  }

  /** The bytes as the disk of the broker has them. */
  #kept(bytes: Uint8Array): Uint8Array {
    if (!this.#happens(this.faults.corruption)) return bytes;
    const length = this.#chance.happens(0.2) ? this.#chance.between(0, bytes.length - 1) : bytes.length;
    const damaged = Buffer.from(bytes.subarray(0, length));
    const place = this.#chance.between(0, length - 1);
    if (length > 0) damaged[place] = (damaged[place] ?? 0) ^ (1 << this.#chance.between(0, 7));
    return damaged;
  }

  #offerAll(): void {
    for (const stored of this.#up.offered) this.#offer(stored);
  }

  /** Until central acknowledges it, a message comes again and again. */
  #offer(stored: Stored): void {
    const central = this.#central;
    if (!this.#up.isOffered(stored) || central === undefined || this.faults.isCut) return;
    this.#clock.after(this.#delayMs(), () => {
      if (this.#central !== central || this.faults.isCut || !this.#up.isOffered(stored)) return;
      void central.listener.accept({
        ...stored.message,
        acknowledge: () => {
          if (this.#central === central && !this.faults.isCut) this.#up.acknowledge(stored);
        },
      });
      this.#arrived();
    });
    this.#clock.after(ACK_WAIT_MS, () => {
      if (this.#central === central) this.#offer(stored);
    });
  }

  async #answer(subject: string, body: unknown): Promise<unknown> {
    const central = this.#central;
    if (central === undefined || this.faults.isCut) throw new LinkError('no-responders', 'central is not there');
    const warehouse = warehouseOfSubject(subject);
    const text = JSON.stringify(body);
    const { listener } = central;
    const answer = subject.includes('.last-units.')
      ? listener.lastUnits(warehouse, text)
      : subject.includes('.enrol.')
        ? listener.enrol(warehouse, text)
        : subject.includes('.rejoin.')
          ? listener.rejoin(warehouse, text)
          : subject.includes('.snapshot.')
            ? listener.snapshot(warehouse, this.#asItArrives(text))
            : listener.heartbeat(warehouse, text);
    this.#arrived();
    const reply = await answer;
    // A request without an answer waits until its sender gives up.
    if (reply === undefined || this.#central !== central || this.faults.isCut) return new Promise(() => undefined);
    return JSON.parse(reply);
  }

  /** A request about a snapshot: its chunk may have suffered. */
  #asItArrives(text: string): string {
    const request = snapshotRequest.parse(JSON.parse(text));
    if (request.ask !== 'chunk' || this.#chunksToDamage === 0) return text;
    this.#chunksToDamage -= 1;
    this.damagedChunks += 1;
    return JSON.stringify(damagedChunk(request, this.#chance));
  }

  #arrived(): void {
    this.#atNextArrival?.();
    this.#atNextArrival = undefined;
  }

  #downLink(clock: Clock): DownLink {
    const reachable = () => {
      if (this.faults.isCut) throw new Error('the broker cannot be reached');
    };
    return {
      ensure: async (warehouse) => {
        reachable();
        const isStreamNew = this.#isStreamNew;
        this.#isStreamNew = false;
        const stream = this.streamOf(warehouse);
        if (stream.isConsumerAhead) stream.renewConsumer();
        return { isStreamNew };
      },
      publish: async (warehouse, bytes, messageId) => {
        await clock.sleep(this.#delayMs());
        reachable();
        const stream = this.streamOf(warehouse);
        const isLost = this.#happens(this.faults.downLoss);
        const streamSequence = isLost ? stream.last : stream.add(this.#kept(bytes), messageId);
        if (this.#happens(this.faults.downAckLoss)) throw new Error('no acknowledgement in time');
        return { streamSequence };
      },
      forget: async (warehouse, keepFrom = Number.POSITIVE_INFINITY) => {
        reachable();
        this.streamOf(warehouse).purge(keepFrom);
      },
    };
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#chance.happens(probability);
  }

  #delayMs(): number {
    const [shortest, longest] = this.faults.delayMs;
    return shortest + this.#chance.random.fraction() * (longest - shortest);
  }
}
