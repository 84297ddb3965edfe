import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import {
  type EnrolReply,
  enrolRequest,
  type HeartbeatReply,
  type HeartbeatRequest,
  heartbeatRequest,
} from '@edgestock/shared/protocol/control';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { parsedJson } from '@edgestock/shared/runtime/parsed-json';
import { centralLimits } from '../limits.ts';
import type { Heard } from '../rules/node-record.ts';
import { sameHash } from '../rules/same-hash.ts';
import type { CentralStore } from '../store/central-store.ts';
import type { DigestWatch } from './digest-watch.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import type { NodeCursor, NodeCursors } from './node-cursors.ts';
import type { StallWatch } from './stall-watch.ts';
import type { WantedStates } from './wanted-states.ts';

export type ControlDeskOptions = {
  readonly store: CentralStore;
  readonly centralEpoch: number;
  readonly cursors: NodeCursors;
  readonly wanted: WantedStates;
  readonly digests: DigestWatch;
  readonly stalls: Pick<StallWatch, 'heard'>;
  readonly metrics: IngestMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Told how far a node that may go on has carried out central's log; one of schema 1 does not say. */
  readonly onDownCursor: (warehouse: WarehouseId, cursor: NonNullable<HeartbeatRequest['down']>) => void;
  /**
   * Told where a node stands that has taken up the present epoch, while its warehouse waits for that; resolves when it is
   * committed, or could not be: then its next heartbeat says it again.
   */
  readonly onPlaceStated: (warehouse: WarehouseId, sequence: number) => Promise<void>;
};

/** Answers what nodes ask: to be known, and how far central has got. */
export class ControlDesk {
  readonly #options: ControlDeskOptions;
  /** Heartbeats that are not written down yet; of a node the last counts. */
  #heard = new Map<WarehouseId, Heard>();
  /** The last directives whose effects are in the logs as far as they are applied; what is not written down yet. */
  #covered = new Map<WarehouseId, number>();
  #centralEpoch: number;

  constructor(options: ControlDeskOptions) {
    this.#options = options;
    this.#centralEpoch = options.centralEpoch;
  }

  /** Answers an enrolment; `undefined` for a body that is none. A node must not publish while it waits for this. */
  async enrol(subjectWarehouse: string, body: string): Promise<EnrolReply | undefined> {
    const { metrics, log } = this.#options;
    const warehouse = parseWarehouseId(subjectWarehouse);
    const request = enrolRequest.safeParse(parsedJson(body));
    if (warehouse === undefined || !request.success || request.data.warehouse !== warehouse) {
      log.warn({ warehouse: subjectWarehouse }, 'malformed enrolment left unanswered');
      return undefined;
    }
    const reply = await this.#enrolled(warehouse, request.data);
    if (reply.outcome === 'enrolled') metrics.enrolments += 1;
    else {
      metrics.enrolmentsRefused += 1;
      log.warn({ warehouse, reason: reply.reason, hint: reply.hint }, 'enrolment refused');
    }
    return reply;
  }

  /**
   * Answers a heartbeat. The answer is the node's acknowledgement, so it waits a moment for the cursor to reach what the
   * node has sent: `applied` then moves within milliseconds, without polling. What must be told is told at once.
   */
  async heartbeat(subjectWarehouse: string, body: string): Promise<HeartbeatReply | undefined> {
    const { cursors, wanted, digests, metrics, clock, log } = this.#options;
    const warehouse = parseWarehouseId(subjectWarehouse);
    const parsed = heartbeatRequest.safeParse(parsedJson(body));
    if (warehouse === undefined || !parsed.success || parsed.data.warehouse !== warehouse) {
      log.warn({ warehouse: subjectWarehouse }, 'malformed heartbeat left unanswered');
      return undefined;
    }
    const request = parsed.data;
    metrics.heartbeats += 1;
    if (cursors.get(warehouse) === undefined) {
      // Central has lost its memory of a node that still has its epoch: taken in again, from its first sequence on.
      const reply = await this.#enrolled(warehouse, request);
      if (reply.outcome === 'refused') return this.#replyTo(request, undefined, reply.reason);
    }
    const receivedAt = clock.now();
    const fence = fenceOf(cursors.get(warehouse), request);
    if (fence === undefined) {
      this.#heard.set(warehouse, heardOf(warehouse, request, receivedAt));
      if (request.down !== undefined) this.#options.onDownCursor(warehouse, request.down);
      await this.#takePlace(warehouse, request);
      await cursors.reached(warehouse, request.sent);
    }
    const cursor = cursors.get(warehouse);
    if (fence === undefined) this.#cover(warehouse, request, cursor);
    const reply = this.#replyTo(request, cursor, fence ?? fenceOf(cursor, request));
    const mayGoOn = reply.fence === undefined && request.fence === undefined;
    this.#options.stalls.heard(warehouse, request, mayGoOn);
    // A node that may not go on, by whose judgement ever, is asked for nothing.
    if (!mayGoOn) return reply;
    const skus = await wanted.take(warehouse);
    return { ...reply, ...digests.ask(warehouse), ...(skus.length === 0 ? {} : { wanted: [...skus] }) };
  }

  /** Central's life has a new number; the store has it. */
  beginEpoch(centralEpoch: number): void {
    this.#centralEpoch = centralEpoch;
    // Numbers of a log that is no more.
    this.#covered = new Map();
  }

  /** What was heard since the last call. */
  takeHeard(): readonly Heard[] {
    const heard = [...this.#heard.values()];
    this.#heard = new Map();
    return heard;
  }

  /** What was covered since the last call. */
  takeCovered(): readonly { readonly warehouse: WarehouseId; readonly sequence: number }[] {
    const covered = [...this.#covered].map(([warehouse, sequence]) => ({ warehouse, sequence }));
    this.#covered = new Map();
    return covered;
  }

  /** Another installation goes on for the warehouse: what the one before has said holds no more. */
  forget(warehouse: WarehouseId): void {
    this.#heard.delete(warehouse);
    this.#covered.delete(warehouse);
  }

  /**
   * A node whose whole log is the one that is applied has the effects of all that it has carried out in there. A log that ends
   * before may be that of a clone, which has the instance of its original and a history of its own.
   */
  #cover(warehouse: WarehouseId, { place, down, instance }: HeartbeatRequest, cursor: NodeCursor | undefined): void {
    if (down === undefined || down.centralEpoch !== this.#centralEpoch || instance !== cursor?.instance) return;
    const isApplied =
      place.sequence === cursor.appliedUpTo && sameHash(Buffer.from(place.hash, 'hex'), cursor.appliedHash);
    if (place.epoch === cursor.epoch && isApplied) this.#covered.set(warehouse, down.sequence);
  }

  async #enrolled(
    warehouse: WarehouseId,
    request: Pick<HeartbeatRequest, 'warehouse' | 'instance' | 'place' | 'schema'>,
  ): Promise<EnrolReply> {
    const { store, cursors, clock, log } = this.#options;
    const { instance, place, schema } = request;
    const reply = await store.enrol(warehouse, { warehouse, instance, place, schema }, clock.now());
    // Another epoch: given by a central that this one does not remember.
    if (reply.outcome === 'enrolled' && cursors.get(warehouse)?.epoch !== reply.epoch) {
      const record = await store.warehouse(warehouse);
      if (record !== undefined) cursors.set(record);
      log.info({ warehouse, epoch: reply.epoch, sequence: place.sequence }, 'warehouse enrolled');
    }
    return reply;
  }

  /** All that directives of earlier lives of central ever did at the node is up to this place of its log. */
  async #takePlace(warehouse: WarehouseId, { down, place }: HeartbeatRequest): Promise<void> {
    const { cursors, onPlaceStated } = this.#options;
    if (cursors.get(warehouse)?.settlesAt !== Number.POSITIVE_INFINITY) return;
    // A node of schema 1 carries out nothing, in no epoch.
    if (down === undefined || down.centralEpoch === this.#centralEpoch) await onPlaceStated(warehouse, place.sequence);
  }

  #replyTo(request: HeartbeatRequest, cursor: NodeCursor | undefined, fence: string | undefined): HeartbeatReply {
    const { clock } = this.#options;
    const need = fence === undefined && cursor !== undefined ? this.#needOf(request, cursor) : undefined;
    return {
      applied: cursor?.appliedUpTo ?? 0,
      hash: cursor === undefined ? '0'.repeat(64) : Buffer.from(cursor.appliedHash).toString('hex'),
      centralEpoch: this.#centralEpoch,
      schema: [SCHEMA_MIN, SCHEMA_MAX],
      time: clock.now(),
      window: centralLimits.windowDeltas,
      ...(need === undefined ? {} : { need }),
      ...(fence === undefined ? {} : { fence: { epoch: cursor?.epoch ?? 0, reason: fence } }),
    };
  }

  /** Where the node should send from, when it should: central met a gap, went back, or lost what was under way. */
  #needOf(request: HeartbeatRequest, cursor: NodeCursor): number | undefined {
    const { cursors } = this.#options;
    const warehouse = request.warehouse as WarehouseId;
    const isMissingSomething = request.sent > cursor.appliedUpTo;
    const isDoubtful = request.applied > cursor.appliedUpTo || (cursor.isInDoubt && isMissingSomething);
    const isDue = cursors.isNeedDue(cursor) || (isDoubtful && cursors.isTellingDue(cursor));
    if (isDue) {
      cursors.told(warehouse);
      return cursor.appliedUpTo + 1;
    }
    if (!isMissingSomething) cursors.settle(warehouse);
    return undefined;
  }
}

/** Why the node that asks may not go on, or `undefined`. Only what cannot be a message overtaken by another is held against it. */
function fenceOf(cursor: NodeCursor | undefined, request: HeartbeatRequest): string | undefined {
  if (cursor === undefined) return undefined;
  if (request.instance !== cursor.instance) {
    return 'another installation owns this warehouse: it has rejoined in the place of this one, or has the same id by mistake';
  }
  // Still provisional: its enrolment is under way.
  if (request.place.epoch !== 0 && request.place.epoch !== cursor.epoch) {
    return `the warehouse is in epoch ${cursor.epoch}, not in ${request.place.epoch}`;
  }
  if (cursor.fenceReason !== undefined) return cursor.fenceReason;
  const isSamePlace = request.place.sequence === cursor.appliedUpTo;
  if (isSamePlace && !sameHash(Buffer.from(request.place.hash, 'hex'), cursor.appliedHash)) {
    return `another history than central's at sequence ${cursor.appliedUpTo}`;
  }
  return undefined;
}

function heardOf(warehouse: WarehouseId, request: HeartbeatRequest, at: number): Heard {
  return {
    warehouse,
    at,
    committed: request.place.sequence,
    sent: request.sent,
    skewMs: request.clock - at,
    schemaMin: request.schema[0],
    schemaMax: request.schema[1],
    ...(request.fence === undefined ? {} : { nodeFence: request.fence.reason.slice(0, centralLimits.reasonLengthMax) }),
  };
}
