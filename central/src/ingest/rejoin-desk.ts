import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import {
  type RejoinReply,
  type RejoinRequest,
  rejoinRequest,
  type TakeOverRequest,
} from '@edgestock/shared/protocol/rejoin';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { parsedJson } from '@edgestock/shared/runtime/parsed-json';
import { knownUpTo } from '../rules/freshness.ts';
import type { NodeRecord } from '../rules/node-record.ts';
import { recountAhead } from '../rules/rejoin.ts';
import { sameHash } from '../rules/same-hash.ts';
import type { CentralStore, KeptSnapshot, Rejoined } from '../store/central-store.ts';

/** Answers nodes that were restored, cloned or rebuilt: what central knows of them, who goes on, and what it can give back. */
export class RejoinDesk {
  readonly #store: CentralStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onTakenOver: (warehouse: WarehouseId, applied: Rejoined) => Promise<void>;

  constructor(options: {
    readonly store: CentralStore;
    readonly clock: Clock;
    readonly log: Log;
    /** Another installation owns the warehouse, and it is committed. */
    readonly onTakenOver: (warehouse: WarehouseId, applied: Rejoined) => Promise<void>;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onTakenOver = options.onTakenOver;
  }

  /** `undefined` for a body that is no request: it is left unanswered. */
  async rejoin(subjectWarehouse: string, body: string): Promise<RejoinReply | undefined> {
    const warehouse = parseWarehouseId(subjectWarehouse);
    const parsed = rejoinRequest.safeParse(parsedJson(body));
    if (warehouse === undefined || !parsed.success || parsed.data.warehouse !== warehouse) {
      this.#log.warn({ warehouse: subjectWarehouse }, 'malformed rejoin left unanswered');
      return undefined;
    }
    return this.#answer(warehouse, parsed.data);
  }

  async #answer(warehouse: WarehouseId, request: RejoinRequest): Promise<RejoinReply> {
    switch (request.ask) {
      case 'look':
        return this.#look(warehouse, request);
      case 'take-over':
        return this.#takeOver(warehouse, request);
      case 'log':
      case 'snapshot':
      case 'states':
        return this.#giveBack(warehouse, request);
      default:
        return unreachable(request);
    }
  }

  async #look(warehouse: WarehouseId, request: Extract<RejoinRequest, { ask: 'look' }>): Promise<RejoinReply> {
    const record = await this.#store.warehouse(warehouse);
    if (record === undefined) return unknownNode;
    const { sequence, hash } = request.place;
    const there = sequence === 0 ? undefined : await this.#store.hashAt(warehouse, sequence);
    const isPrefix = sequence === 0 ? true : there && sameHash(there, Buffer.from(hash, 'hex'));
    return {
      ...knownOf(record, await this.#store.snapshotOf(warehouse), this.#clock.now()),
      isOwner: record.instance === request.instance,
      ...(isPrefix === undefined ? {} : { isPrefix }),
    };
  }

  async #takeOver(warehouse: WarehouseId, request: TakeOverRequest): Promise<RejoinReply> {
    const before = await this.#store.warehouse(warehouse);
    const applied = await this.#store.rejoin(warehouse, request, this.#clock.now());
    const { reply } = applied;
    if (reply.outcome === 'refused') {
      this.#log.warn({ warehouse, reason: reply.reason, hint: reply.hint }, 'rejoin refused');
      return reply;
    }
    const { epoch, applied: sequence, lost, recount } = reply;
    const isNews = before?.epoch !== epoch;
    if (isNews) {
      this.#log.warn({ warehouse, epoch, sequence, lost, recount }, 'another installation goes on for the warehouse');
      await this.#onTakenOver(warehouse, applied);
    }
    return reply;
  }

  /** Only to the one that goes on: to it nothing can be added meanwhile that it did not send itself. */
  async #giveBack(
    warehouse: WarehouseId,
    request: Extract<RejoinRequest, { ask: 'log' | 'snapshot' | 'states' }>,
  ): Promise<RejoinReply> {
    const record = await this.#store.warehouse(warehouse);
    if (record === undefined) return unknownNode;
    if (record.instance !== request.instance) {
      return {
        outcome: 'refused',
        reason: `this rejoin was overtaken: the warehouse is in epoch ${record.epoch} since another installation rejoined`,
        hint: 'run the installation that owns the warehouse, or look again and rejoin anew',
      };
    }
    if (request.ask === 'states') {
      const { epoch } = record;
      const states = await this.#store.statesAhead(warehouse, epoch, request.after, wireLimits.rejoinStatesMax);
      return { outcome: 'states', states: [...states] };
    }
    if (request.ask === 'snapshot') {
      const bytes = await this.#store.snapshotChunk(warehouse, request.index);
      if (bytes === undefined) return noSuchChunk;
      return { outcome: 'snapshot', chunk: Buffer.from(bytes).toString('base64') };
    }
    const batches = await this.#store.batchesAfter(warehouse, request.after, wireLimits.rejoinPageBytesMax);
    return { outcome: 'log', batches: batches.map((bytes) => Buffer.from(bytes).toString('base64')) };
  }
}

const unknownNode: RejoinReply = {
  outcome: 'refused',
  reason: 'central knows no node of this warehouse',
  hint: 'start the node: it is enrolled by itself',
};

const noSuchChunk: RejoinReply = {
  outcome: 'refused',
  reason: 'central has no such chunk of a snapshot of this warehouse',
  hint: 'look again, and rejoin anew',
};

function knownOf(record: NodeRecord, beginning: KeptSnapshot | undefined, now: number) {
  const { epoch, appliedUpTo, appliedHash, fence, heard } = record;
  return {
    outcome: 'known' as const,
    epoch,
    applied: appliedUpTo,
    hash: Buffer.from(appliedHash).toString('hex'),
    ...(fence === undefined ? {} : { fence: fence.reason }),
    ...(heard === undefined ? {} : { heard: { at: heard.at, committed: heard.committed } }),
    knownAt: knownUpTo(record) ?? 0,
    ...(beginning === undefined
      ? {}
      : { beginsAt: { sequence: beginning.sequence, hash: Buffer.from(beginning.hash).toString('hex') } }),
    recount: recountAhead(record),
    time: now,
  };
}
