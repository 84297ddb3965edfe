import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { centralLimits } from '../../limits.ts';
import type { ChannelRecord } from '../../rules/channel.ts';
import type { NewPromise, OrderChange, PromiseCommand, PromiseOutcome } from '../../rules/promise-command.ts';
import type { UnknownTask } from '../promise-store.ts';
import type { ChannelReader, ChannelWriter } from '../tables/channel-table.ts';
import type { NodeReader } from '../tables/node-table.ts';
import type { AnswerTable } from '../tables/reservation-table.ts';
import type { Tables } from '../tables/tables.ts';
import { Catalogue } from './catalogue/catalogue.ts';
import { Policies } from './catalogue/policies.ts';
import { Orders } from './orders/orders.ts';
import { Placing } from './orders/placing.ts';
import type { Promising } from './orders/promising.ts';
import { LateFactDesk } from './positions/late-facts.ts';
import { type PromiseRun, promiseRuns } from './promise-runs.ts';
import { type Found, NewPromises } from './promises/new-promises.ts';
import { Reservations } from './promises/reservations.ts';
import { Reserving } from './promises/reserving.ts';

/** Carries out commands, each on what the ones before it left, inside a transaction of its caller. */
export class PromiseApplier {
  readonly #promising: Promising;
  readonly #nodes: NodeReader;
  readonly #answerTable: AnswerTable;
  readonly #newPromises: NewPromises;
  readonly #reserving: Reserving;
  readonly #reservations: Reservations;
  readonly #orders: Orders;
  readonly #placing: Placing;
  readonly #policies: Policies;
  readonly #catalogue: Catalogue;
  readonly #channels: ChannelReader;
  readonly #channelWriter: ChannelWriter;
  readonly #lateFacts: LateFactDesk;

  constructor(tables: Tables, promising: Promising) {
    this.#promising = promising;
    this.#nodes = tables.nodes;
    this.#answerTable = tables.answers;
    this.#newPromises = new NewPromises(tables, promising);
    this.#reserving = new Reserving(tables, promising);
    this.#reservations = new Reservations(tables, promising);
    const parts = { ...promising, reservations: this.#reservations };
    this.#orders = new Orders(tables, parts);
    this.#placing = new Placing(tables, parts);
    this.#policies = new Policies(tables, promising);
    this.#catalogue = new Catalogue(tables, promising.downLog);
    this.#channels = tables.channels;
    this.#channelWriter = tables.channelWriter;
    this.#lateFacts = new LateFactDesk(tables);
  }

  /** The first words to a node that has just been enrolled. */
  async introduce(warehouse: WarehouseId): Promise<void> {
    await this.#policies.introduce(warehouse);
    await this.#catalogue.introduce(warehouse);
    await this.#promising.transfers.introduce(warehouse);
  }

  /** To a node that has rejoined: all that is not told by its log, whatever it heard in the life before. */
  async reintroduce(warehouse: WarehouseId, now: number): Promise<void> {
    await this.#promising.unsettled.forget(warehouse);
    await this.#policies.tellAgain(warehouse);
    await this.#catalogue.tellAgain([warehouse]);
    // Also of those that were closed: what the other end said of one is in no log of this node.
    await this.#promising.transfers.tellAgain(warehouse, now);
  }

  /** The same for nodes that were enrolled by a release which had no words for them. */
  async introduceAll(): Promise<void> {
    for (const warehouse of await this.#policies.withoutSettings()) await this.introduce(warehouse);
  }

  /** Each has its own outcome, on what the ones before it left. */
  async apply(commands: readonly PromiseCommand[], now: number): Promise<readonly PromiseOutcome[]> {
    const outcomes: PromiseOutcome[] = [];
    for (const run of promiseRuns(commands)) outcomes.push(...(await this.#applyRun(run, now)));
    return outcomes;
  }

  async #applyRun(run: PromiseRun, now: number): Promise<readonly PromiseOutcome[]> {
    switch (run.of) {
      case 'new-promises':
        return this.#newPromises.decideEach(run.commands, (command, found) => this.#decide(command, found, now), now);
      case 'order-changes': {
        const outcomes = await this.#orders.change(run.commands, now);
        await this.#promising.deficits.coverFreed(now);
        return outcomes;
      }
      case 'one': {
        const outcome = await this.#carryOut(run.command, now);
        await this.#promising.deficits.coverFreed(now);
        return [outcome];
      }
      default:
        return unreachable(run);
    }
  }

  #decide(command: NewPromise, found: Found, now: number): Promise<PromiseOutcome> {
    return command.command === 'reserve'
      ? this.#reserving.reserve(command, found, now)
      : this.#placing.place(command, found, now);
  }

  #carryOut(command: Exclude<PromiseCommand, NewPromise | OrderChange>, now: number): Promise<PromiseOutcome> {
    switch (command.command) {
      case 'renew':
        return this.#reservations.renew(command.reservation, command.expiresAt, now);
      case 'release':
        return this.#reservations.release(command.reservation, command.reason, now);
      case 'confirm':
        return this.#orders.confirm(command.reservation, now);
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
        return this.#ofKnown(named, async () => this.#catalogue.upsert(command.items, await this.#enrolled()));
      }
      case 'settle-late-fact':
        return this.#lateFacts.settle(command, now);
      default:
        return unreachable(command);
    }
  }

  async #sweep(limit: number, now: number): Promise<PromiseOutcome> {
    const expired = await this.#reservations.sweep(limit, now);
    const woken = await this.#orders.wake(limit, now);
    await this.#answerTable.forget(now - centralLimits.answersKeptMs, limit);
    const nextAt = Math.min(
      (await this.#reservations.nextEnd()) ?? Infinity,
      (await this.#orders.nextWake()) ?? Infinity,
    );
    const isRecalling = await this.#policies.recallNext();
    const isMore = expired === limit || woken === limit || isRecalling;
    return { outcome: 'swept', expired, woken, isMore, ...(nextAt === Infinity ? {} : { nextAt }) };
  }

  /** Gives what nobody was promised, which may be less than asked, or nothing; the totals say how things stand. */
  async #returnQuota(warehouse: WarehouseId, lines: readonly SkuQuantity[]): Promise<PromiseOutcome> {
    if ((await this.#nodes.get(warehouse)) === undefined)
      return { outcome: 'unknown', what: 'warehouse', id: warehouse };
    const { quota, returns } = this.#promising;
    const asked = new Map<Sku, number>();
    for (const { sku, quantity } of lines) asked.set(sku, (asked.get(sku) ?? 0) + quantity);
    const given = await quota.giveBack(
      warehouse,
      Array.from(asked, ([sku, quantity]) => ({ sku, quantity })),
    );
    for (const { sku, units, total } of given) if (units > 0) returns.tell(warehouse, sku, total);
    return { outcome: 'returned', lines: given.map(({ sku, total }) => ({ sku, total })) };
  }

  /** Asked for once; what its node does with it comes with its log. */
  async #releaseUnknown(
    { warehouse, task: id }: Extract<PromiseCommand, { command: 'release-unknown-task' }>,
    now: number,
  ): Promise<PromiseOutcome> {
    const { unknownTasks, unsettled, downLog } = this.#promising;
    const task = await unknownTasks.get(warehouse, id);
    if (task === undefined) return { outcome: 'unknown', what: 'task', id };
    const lines = openLinesOf(task);
    if (lines.length === 0 || task.releasedAt !== undefined) return { outcome: 'set' };
    if (await unsettled.has(warehouse)) {
      const why = `central does not know yet how far ${warehouse} has come with it`;
      return { outcome: 'too-late', state: 'unsettled', why };
    }
    const reason = 'its order is not known to central';
    await downLog.append(warehouse, encodeDirective({ kind: 'release', task: id, lines, reason }));
    await unknownTasks.released(warehouse, id, now);
    return { outcome: 'set' };
  }

  async #setChannel(record: ChannelRecord): Promise<PromiseOutcome> {
    const named = record.warehouses === 'all' ? [] : record.warehouses;
    return this.#ofKnown(named, async () => {
      const before = await this.#channels.get(record.channel);
      if (before !== undefined && isSameChannel(before, record)) return;
      await this.#channelWriter.set(record);
      await this.#promising.availability.rebuild(record.channel);
    });
  }

  async #setBuffers({
    channel,
    buffers,
  }: Extract<PromiseCommand, { command: 'set-buffers' }>): Promise<PromiseOutcome> {
    if ((await this.#channels.get(channel)) === undefined) return { outcome: 'unknown', what: 'channel', id: channel };
    for (const { sku, buffer } of buffers) {
      await this.#channelWriter.setBuffer(channel, sku, buffer);
      await this.#promising.availability.bufferChanged(channel, sku);
    }
    return { outcome: 'set' };
  }

  /** Sets something of warehouses that are all enrolled; else nothing is set, and the first unknown one is named. */
  async #ofKnown(warehouses: readonly WarehouseId[], set: () => Promise<void>): Promise<PromiseOutcome> {
    for (const id of new Set(warehouses)) {
      if ((await this.#nodes.get(id)) === undefined) return { outcome: 'unknown', what: 'warehouse', id };
    }
    await set();
    return { outcome: 'set' };
  }

  async #enrolled(): Promise<readonly WarehouseId[]> {
    return (await this.#nodes.all()).map(({ warehouse }) => warehouse);
  }
}

/** What is left to ship of an unknown task. */
function openLinesOf({ lines }: UnknownTask): readonly SkuQuantity[] {
  return lines.flatMap(({ sku, quantity, shipped, givenUp }) => {
    const open = quantity - shipped - givenUp;
    return open > 0 ? [{ sku, quantity: open }] : [];
  });
}

function isSameChannel(a: ChannelRecord, b: ChannelRecord): boolean {
  const members = ({ warehouses }: ChannelRecord) =>
    warehouses === 'all' ? 'all' : [...new Set(warehouses)].sort().join();
  return a.buffer === b.buffer && members(a) === members(b);
}
