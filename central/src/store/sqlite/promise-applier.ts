import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Database } from 'better-sqlite3';
import { centralLimits } from '../../limits.ts';
import type { ChannelRecord } from '../../rules/channel.ts';
import type { IdempotencyKey, PromiseCommand, PromiseOutcome } from '../../rules/promise-command.ts';
import { Catalogue } from './catalogue/catalogue.ts';
import { ChannelReader, ChannelWriter } from './catalogue/channel-table.ts';
import { Policies } from './catalogue/policies.ts';
import { Orders } from './orders/orders.ts';
import type { Promising } from './orders/promising.ts';
import { openLinesOf } from './orders/unknown-task-table.ts';
import { LateFactDesk } from './positions/late-facts.ts';
import { NodeReader } from './positions/node-table.ts';
import { AnswerTable } from './promises/answer-table.ts';
import { Reservations } from './promises/reservations.ts';

/** Carries out commands, each on what the ones before it left, inside a transaction of its caller. */
export class PromiseApplier {
  readonly #promising: Promising;
  readonly #nodes: NodeReader;
  readonly #answers: AnswerTable;
  readonly #reservations: Reservations;
  readonly #orders: Orders;
  readonly #policies: Policies;
  readonly #catalogue: Catalogue;
  readonly #channels: ChannelReader;
  readonly #channelWriter: ChannelWriter;
  readonly #lateFacts: LateFactDesk;

  constructor(database: Database, promising: Promising) {
    this.#promising = promising;
    this.#nodes = new NodeReader(database);
    this.#answers = new AnswerTable(database);
    this.#reservations = new Reservations(database, promising);
    this.#orders = new Orders(database, { ...promising, reservations: this.#reservations });
    this.#policies = new Policies(database, promising);
    this.#catalogue = new Catalogue(database, promising.downLog);
    this.#channels = new ChannelReader(database);
    this.#channelWriter = new ChannelWriter(database);
    this.#lateFacts = new LateFactDesk(database, promising.downLog);
  }

  /** The first words to a node that has just been enrolled. */
  introduce(warehouse: WarehouseId): void {
    this.#policies.introduce(warehouse);
    this.#catalogue.introduce(warehouse);
    this.#promising.transfers.introduce(warehouse);
  }

  /** To a node that has rejoined: all that is not told by its log, whatever it heard in the life before. */
  reintroduce(warehouse: WarehouseId, now: number): void {
    this.#promising.unsettled.forget(warehouse);
    this.#policies.tellAgain(warehouse);
    this.#catalogue.tellAgain([warehouse]);
    // Also of those that were closed: what the other end said of one is in no log of this node.
    this.#promising.transfers.tellAgain(warehouse, now);
  }

  /** The same for nodes that were enrolled by a release which had no words for them. */
  introduceAll(): void {
    for (const warehouse of this.#policies.withoutSettings()) this.introduce(warehouse);
  }

  apply(command: PromiseCommand, now: number): PromiseOutcome {
    const key = 'idempotency' in command ? command.idempotency : undefined;
    const outcome = key === undefined ? this.#carryOut(command, now) : this.#once(key, command, now);
    this.#promising.deficits.coverFreed(now);
    return outcome;
  }

  /** A request with a key is answered with its first answer. Only what had an effect is kept: a refusal may be asked again. */
  #once(key: IdempotencyKey, command: PromiseCommand, now: number): PromiseOutcome {
    const first = this.#answers.find(key);
    if (first !== undefined) return first;
    const outcome = this.#carryOut(command, now);
    if (outcome.outcome === 'reserved' || outcome.outcome === 'order') this.#answers.keep(key, outcome, now);
    return outcome;
  }

  #carryOut(command: PromiseCommand, now: number): PromiseOutcome {
    switch (command.command) {
      case 'reserve':
        return this.#reservations.reserve(command, now);
      case 'renew':
        return this.#reservations.renew(command.reservation, command.expiresAt, now);
      case 'release':
        return this.#reservations.release(command.reservation, command.reason, now);
      case 'confirm':
      case 'place-order':
      case 'pay':
      case 'cancel':
        return this.#orders.apply(command, now);
      case 'sweep':
        return this.#sweep(command.limit, now);
      case 'return-quota':
        return this.#returnQuota(command.warehouse, command.lines);
      case 'release-unknown-task':
        return this.#releaseUnknown(command, now);
      case 'set-policy':
        return this.#ofKnown([command.warehouse], () => this.#policies.set(command.warehouse, command.settings));
      case 'set-sku-policy':
        return this.#ofKnown([command.warehouse], () => this.#policies.setRules(command.warehouse, command.rules));
      case 'set-channel':
        return this.#setChannel(command.record);
      case 'set-buffers':
        return this.#setBuffers(command);
      case 'upsert-catalogue': {
        const named = command.items.flatMap(({ warehouses }) => (warehouses === 'all' ? [] : warehouses));
        return this.#ofKnown(named, () => this.#catalogue.upsert(command.items, this.#enrolled()));
      }
      case 'settle-late-fact':
        return this.#lateFacts.settle(command, now);
      default:
        return unreachable(command);
    }
  }

  #sweep(limit: number, now: number): PromiseOutcome {
    const expired = this.#reservations.sweep(limit, now);
    const woken = this.#orders.wake(limit, now);
    this.#answers.forget(now - centralLimits.answersKeptMs, limit);
    const nextAt = Math.min(this.#reservations.nextEnd() ?? Infinity, this.#orders.nextWake() ?? Infinity);
    const isRecalling = this.#policies.recallNext();
    const isMore = expired === limit || woken === limit || isRecalling;
    return { outcome: 'swept', expired, woken, isMore, ...(nextAt === Infinity ? {} : { nextAt }) };
  }

  /** Gives what nobody was promised, which may be less than asked, or nothing; the totals say how things stand. */
  #returnQuota(warehouse: WarehouseId, lines: readonly SkuQuantity[]): PromiseOutcome {
    if (this.#nodes.get(warehouse) === undefined) return { outcome: 'unknown', what: 'warehouse', id: warehouse };
    const { quota, returns } = this.#promising;
    const totals = lines.map(({ sku, quantity }) => {
      const { units, total } = quota.giveBack(sku, { warehouse, quantity });
      if (units > 0) returns.tell(warehouse, sku, total);
      return { sku, total };
    });
    return { outcome: 'returned', lines: totals };
  }

  /** Asked for once; what its node does with it comes with its log. */
  #releaseUnknown(
    { warehouse, task: id }: Extract<PromiseCommand, { command: 'release-unknown-task' }>,
    now: number,
  ): PromiseOutcome {
    const { unknownTasks, unsettled, downLog } = this.#promising;
    const task = unknownTasks.get(warehouse, id);
    if (task === undefined) return { outcome: 'unknown', what: 'task', id };
    const lines = openLinesOf(task);
    if (lines.length === 0 || task.releasedAt !== undefined) return { outcome: 'set' };
    if (unsettled.has(warehouse)) {
      const why = `central does not know yet how far ${warehouse} has come with it`;
      return { outcome: 'too-late', state: 'unsettled', why };
    }
    const reason = 'its order is not known to central';
    downLog.append(warehouse, encodeDirective({ kind: 'release', task: id, lines, reason }));
    unknownTasks.released(warehouse, id, now);
    return { outcome: 'set' };
  }

  #setChannel(record: ChannelRecord): PromiseOutcome {
    const named = record.warehouses === 'all' ? [] : record.warehouses;
    return this.#ofKnown(named, () => {
      const before = this.#channels.get(record.channel);
      if (before !== undefined && isSameChannel(before, record)) return;
      this.#channelWriter.set(record);
      this.#promising.availability.rebuild(record.channel);
    });
  }

  #setBuffers({ channel, buffers }: Extract<PromiseCommand, { command: 'set-buffers' }>): PromiseOutcome {
    if (this.#channels.get(channel) === undefined) return { outcome: 'unknown', what: 'channel', id: channel };
    for (const { sku, buffer } of buffers) {
      this.#channelWriter.setBuffer(channel, sku, buffer);
      this.#promising.availability.bufferChanged(channel, sku);
    }
    return { outcome: 'set' };
  }

  /** Sets something of warehouses that are all enrolled; else nothing is set, and the first unknown one is named. */
  #ofKnown(warehouses: readonly WarehouseId[], set: () => void): PromiseOutcome {
    for (const id of new Set(warehouses)) {
      if (this.#nodes.get(id) === undefined) return { outcome: 'unknown', what: 'warehouse', id };
    }
    set();
    return { outcome: 'set' };
  }

  #enrolled(): readonly WarehouseId[] {
    return this.#nodes.all().map(({ warehouse }) => warehouse);
  }
}

function isSameChannel(a: ChannelRecord, b: ChannelRecord): boolean {
  const members = ({ warehouses }: ChannelRecord) =>
    warehouses === 'all' ? 'all' : [...new Set(warehouses)].sort().join();
  return a.buffer === b.buffer && members(a) === members(b);
}
