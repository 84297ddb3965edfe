import type { DownLink } from '@edgestock/central/directives/down-link';
import type { DownPublisher } from '@edgestock/central/directives/down-publisher';
import type { SourceListener, SourceMessage } from '@edgestock/central/ingest/source';
import { LinkError } from '@edgestock/edge-node/replication/link';
import type { FarEnd } from '@edgestock/edge-node/testing/simulated-link';
import { SimulatedStream } from '@edgestock/edge-node/testing/simulated-stream';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { warehouseOfSubject } from '@edgestock/shared/protocol/subjects';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import type { Chance } from './chance.ts';

/** After this time what central did not acknowledge is offered again. */
const ACK_WAIT_MS = 2_000;

/** What the way between the broker and central does. Probabilities are of one message. */
export type CentralFaults = {
  readonly isCut: boolean;
  /** A publish is stored and its acknowledgement lost, or it is acknowledged and forgotten. */
  readonly downAckLoss: number;
  readonly downLoss: number;
  readonly delayMs: readonly [number, number];
};

export const noCentralFaults: CentralFaults = { isCut: false, downAckLoss: 0, downLoss: 0, delayMs: [0, 1] };

type Central = { readonly listener: SourceListener; readonly down: DownPublisher };
type UpMessage = Omit<SourceMessage, 'acknowledge'>;

/**
 * The broker of one run, in memory: keeps what goes up until central has acknowledged it, what goes down until the node has, and
 * may lose the end of either. What happens on the nodes' side of it is the business of their links.
 */
export class Broker {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #up = new Map<number, UpMessage>();
  readonly #streams = new Map<WarehouseId, SimulatedStream>();
  readonly #places = new Map<WarehouseId, number>();
  #lastUp = 0;
  #central: Central | undefined;
  #isStreamNew = false;
  #atNextArrival: (() => void) | undefined;
  faults: CentralFaults = noCentralFaults;

  constructor(clock: Clock, chance: Chance) {
    this.#clock = clock;
    this.#chance = chance;
  }

  /** Messages that central has not acknowledged. */
  get waitingUp(): number {
    return this.#up.size;
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
    stream.onAdd((place) => this.#places.set(warehouse, place));
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

  /** Power fails at the broker: the end of what it had acknowledged is gone, both ways. */
  losePower(messages: number): void {
    for (const place of [...this.#up.keys()].slice(-messages)) this.#up.delete(place);
    for (const stream of this.#streams.values()) {
      for (const place of stream.unacknowledged.slice(-messages)) stream.acknowledge(place);
    }
  }

  /** An operator deletes the stream down. */
  deleteDown(): void {
    for (const stream of this.#streams.values()) stream.clear();
    this.#isStreamNew = true;
  }

  #store(subject: string, bytes: Uint8Array): void {
    this.#lastUp += 1;
    const lane = subject.includes('.state.') ? 'state' : 'up';
    this.#up.set(this.#lastUp, { lane, subjectWarehouse: warehouseOfSubject(subject), bytes });
    this.#offer(this.#lastUp);
  }

  #offerAll(): void {
    for (const place of [...this.#up.keys()]) this.#offer(place);
  }

  /** Until central acknowledges it, a message comes again and again. */
  #offer(place: number): void {
    const message = this.#up.get(place);
    const central = this.#central;
    if (message === undefined || central === undefined || this.faults.isCut) return;
    this.#clock.after(this.#delayMs(), () => {
      if (this.#central !== central || this.faults.isCut || !this.#up.has(place)) return;
      void central.listener.accept({
        ...message,
        acknowledge: () => {
          if (this.#central === central && !this.faults.isCut) this.#up.delete(place);
        },
      });
      this.#arrived();
    });
    this.#clock.after(ACK_WAIT_MS, () => {
      if (this.#central === central) this.#offer(place);
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
        : listener.heartbeat(warehouse, text);
    this.#arrived();
    const reply = await answer;
    // A request without an answer waits until its sender gives up.
    if (reply === undefined || this.#central !== central || this.faults.isCut) return new Promise(() => undefined);
    return JSON.parse(reply);
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
      ensure: async () => {
        reachable();
        const isStreamNew = this.#isStreamNew;
        this.#isStreamNew = false;
        return { isStreamNew };
      },
      publish: async (warehouse, bytes, messageId) => {
        await clock.sleep(this.#delayMs());
        reachable();
        const stream = this.streamOf(warehouse);
        if (!this.#chance.happens(this.faults.downLoss)) stream.add(bytes, messageId);
        if (this.#chance.happens(this.faults.downAckLoss)) throw new Error('no acknowledgement in time');
        return { streamSequence: this.#places.get(warehouse) ?? 0 };
      },
      forget: async (warehouse, keepFrom = Number.POSITIVE_INFINITY) => {
        reachable();
        const stream = this.streamOf(warehouse);
        for (const place of stream.unacknowledged) if (place < keepFrom) stream.acknowledge(place);
      },
    };
  }

  #delayMs(): number {
    const [shortest, longest] = this.faults.delayMs;
    return shortest + this.#chance.random.fraction() * (longest - shortest);
  }
}
