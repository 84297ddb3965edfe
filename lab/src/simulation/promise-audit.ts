import type { ChannelRecord } from '@edgestock/central/rules/channel';
import { type AllocationLine, type Order, openOf } from '@edgestock/central/rules/order';
import type { Reservation } from '@edgestock/central/rules/reservation';
import { type PositionRecord, unspentOf } from '@edgestock/central/store/central-store';
import type { UnknownTask } from '@edgestock/central/store/promise-store';
import type { SqliteCentralStore } from '@edgestock/central/store/sqlite/central-store';
import { imbalanceOf } from '@edgestock/central/testing/order-in-words';
import type { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { AuditedNode } from './audited-node.ts';
import type { Image, SimulatedCentral } from './simulated-central.ts';
import { hold } from './violation.ts';

const ALL = 1_000;

/** What central holds at one moment, read for one look. */
export type CentralBooks = {
  readonly orders: readonly Order[];
  readonly reservations: readonly Reservation[];
  readonly channels: readonly ChannelRecord[];
  /** Tasks of orders that central has forgotten, since it was put back to an earlier state. */
  readonly unknownTasks: readonly UnknownTask[];
  /** Warehouses of which nothing is promised. */
  readonly unsettled: ReadonlySet<WarehouseId>;
  readonly positions: ReadonlyMap<WarehouseId, readonly (PositionRecord & { readonly sku: Sku })[]>;
};

type Seen = {
  readonly books: CentralBooks;
  readonly store: EdgeStore;
  readonly commits: number;
  readonly appliedUpTo: number;
};

type Totals = { readonly returned: number; readonly allocatedSent: number; readonly granted: number };

/**
 * Holds central to its own books and to those of the nodes, at any moment, whatever is under way between them: no side may know
 * more than the other has made durable, and nothing is promised that was not set aside.
 */
export class PromiseAudit {
  readonly #central: SimulatedCentral;
  readonly #nodes: readonly AuditedNode[];
  readonly #totals = new Map<string, Totals>();
  readonly #cursors = new Map<
    WarehouseId,
    { readonly epoch: number; readonly applied: number; readonly down: number; readonly carriedOut: number }
  >();
  /** How far central had ever applied each node's log before it was put back: a node believes what it was told then. */
  readonly #appliedEver = new Map<WarehouseId, number>();
  #revision = 0;
  /** A copy of this epoch was put back, and central may not know it yet. */
  #copiedEpoch = 0;
  #centralEpoch = 0;
  /** Ids of central's reservations that were ever asked for. */
  readonly reservationIds = new Set<string>();
  /** The same of orders; a reservation may become one of its own id. */
  readonly orderIds = new Set<string>();
  /** Ids of reservations and orders that somebody was told of: they must be there for ever after. */
  readonly #owed = new Set<string>();
  readonly #ended = new Map<ReadonlySet<string>, Map<string, unknown>>();
  /** What was read last, and of which state of the store: it stays true until somebody writes. */
  #read: { readonly store: SqliteCentralStore; readonly writes: number; readonly books: CentralBooks } | undefined;
  /** What the last look at each warehouse was about. */
  readonly #seen = new Map<WarehouseId, Seen>();

  constructor(central: SimulatedCentral, nodes: readonly AuditedNode[]) {
    this.#central = central;
    this.#nodes = nodes;
  }

  /** A shop was told that there is a reservation or an order of this id. */
  owe(id: string): void {
    this.#owed.add(id);
  }

  /** `isWhole`: read anew also what had ended, which ought to stay as it was. */
  async books({ isWhole = false }: { readonly isWhole?: boolean } = {}): Promise<CentralBooks> {
    const { store, writes } = this.#central;
    if (this.#read?.store === store && this.#read.writes === writes && !isWhole) return this.#read.books;
    if (isWhole) this.#ended.clear();
    const orders = await this.#documents(this.orderIds, (id) => store.order(id), hasOrderEnded);
    const reservations = await this.#documents(this.reservationIds, (id) => store.reservation(id), hasReservationEnded);
    const positions = new Map<WarehouseId, readonly (PositionRecord & { readonly sku: Sku })[]>();
    for (const { node } of this.#nodes) {
      positions.set(node.warehouse, await store.positionsOf(node.warehouse, undefined, ALL));
    }
    const unknownTasks: UnknownTask[] = [];
    const unsettled = new Set<WarehouseId>();
    for (const { node } of this.#nodes) {
      for (const { id } of node.store.documents.tasks.page(undefined, 0, ALL).tasks) {
        const task = await store.unknownTask(node.warehouse, id);
        if (task !== undefined) unknownTasks.push(task);
      }
      if ((await store.warehouse(node.warehouse))?.unsettled !== undefined) unsettled.add(node.warehouse);
    }
    const channels = await store.channels();
    const books = { orders, reservations, channels, positions, unknownTasks, unsettled };
    this.#read = { store, writes, books };
    return books;
  }

  /** Those of the ids that are there; one that has ended is read once. */
  async #documents<D extends { readonly id: string }>(
    ids: ReadonlySet<string>,
    read: (id: string) => Promise<D | undefined>,
    hasEnded: (document: D) => boolean,
  ): Promise<readonly D[]> {
    const ended = (this.#ended.get(ids) ?? new Map()) as Map<string, D>;
    this.#ended.set(ids, ended);
    const found: D[] = [];
    for (const id of ids) {
      const document = ended.get(id) ?? (await read(id));
      if (document === undefined) continue;
      found.push(document);
      if (hasEnded(document)) ended.set(id, document);
    }
    return found;
  }

  /**
   * An earlier state of central is put in the place of the present one, which is still there: it will have forgotten what happened
   * since, and nothing of that is held against it until it has heard of it again. Nobody is owed what he was told before.
   */
  async putBack({ kind, centralEpoch }: Image): Promise<void> {
    await this.#forget();
    if (kind === 'copy') this.#copiedEpoch = Math.max(this.#copiedEpoch, centralEpoch);
  }

  /** The same of a central that begins with nothing: until its nodes have told it better, it gives out epochs that there were. */
  async lose(): Promise<void> {
    await this.#forget();
    this.#copiedEpoch = Math.max(this.#copiedEpoch, this.#centralEpoch);
  }

  async #forget(): Promise<void> {
    for (const { node, audit } of this.#nodes) {
      audit.quotas.forget();
      const { warehouse } = node;
      const { appliedUpTo = 0 } = (await this.#central.store.warehouse(warehouse)) ?? {};
      this.#appliedEver.set(warehouse, Math.max(appliedUpTo, this.#appliedEver.get(warehouse) ?? 0));
    }
    this.#cursors.clear();
    this.#totals.clear();
    this.#ended.clear();
    this.#owed.clear();
    this.#revision = 0;
  }

  /** Whether central knows all that it promised of a warehouse. */
  #isKnown(warehouse: WarehouseId, { unsettled }: CentralBooks): boolean {
    return this.#centralEpoch > this.#copiedEpoch && !unsettled.has(warehouse);
  }

  async check(options: { readonly isWhole?: boolean } = {}): Promise<void> {
    const before = this.#read?.books;
    const books = await this.books(options);
    const centralEpoch = await this.#central.store.centralEpoch();
    if (centralEpoch > this.#centralEpoch) this.#cursors.clear();
    this.#centralEpoch = centralEpoch;
    for (const one of this.#nodes) {
      const { node, audit } = one;
      const seen = { books, store: node.store, commits: node.commits, appliedUpTo: node.store.outbox.appliedUpTo() };
      if (isSame(this.#seen.get(node.warehouse), seen)) continue;
      this.#seen.set(node.warehouse, seen);
      await this.#checkCursors(one);
      const positions = books.positions.get(node.warehouse) ?? [];
      for (const position of positions) this.#checkPosition(position, one, books);
      await audit.quotas.look(this.#central.store, { warehouse: node.warehouse, centralEpoch, positions });
    }
    const ids = new Set([...books.orders, ...books.reservations].map(({ id }) => id));
    // What has ended long ago may be forgotten: then it is read no more here, unless all is.
    for (const id of options.isWhole ? [] : this.#owed)
      hold(ids.has(id), () => `${id} was promised, and central does not know it`);
    if (books === before) return;
    const audits = this.#nodes.flatMap(({ audit, others }) => [audit, ...others]);
    const late = new Set(audits.flatMap(({ shippedLate }) => [...shippedLate.keys()]));
    for (const order of books.orders) checkOrder(order, late);
    for (const reservation of books.reservations) checkReservation(reservation);
    await this.#checkAnswers(books);
  }

  /** Cursors never fall, never run ahead of what they are in, and name the same history on both sides. */
  async #checkCursors(one: AuditedNode): Promise<void> {
    const { store } = this.#central;
    const { warehouse, node, isSure } = one;
    const record = await store.warehouse(warehouse);
    const down = await store.downHead(warehouse);
    if (record === undefined || down === undefined) return;
    const { appliedUpTo, fence, epoch } = record;
    const before = this.#cursors.get(warehouse) ?? { epoch: 0, applied: 0, down: 0, carriedOut: 0 };
    hold(epoch >= before.epoch, () => `${warehouse}: its epoch fell to ${epoch}`);
    hold(appliedUpTo >= before.applied, () => `${warehouse}: central's cursor fell to ${appliedUpTo}`);
    hold(down.sequence >= before.down, () => `${warehouse}: the log down fell to ${down.sequence}`);
    // A node that rejoins begins where the effects end that central has of it.
    const isSameLife = epoch === before.epoch || before.epoch === 0;
    const hasFallen = isSameLife && down.carriedOut < before.carriedOut;
    hold(!hasFallen, () => `${warehouse}: carried out fell to ${down.carriedOut}`);
    this.#cursors.set(warehouse, { epoch, applied: appliedUpTo, down: down.sequence, carriedOut: down.carriedOut });
    const isOfAnyLife = one.others.length === 0 || one.logWith(appliedUpTo, record.appliedHash) !== undefined;
    hold(isOfAnyLife, () => `${warehouse}: central's log up to ${appliedUpTo} is that of none of its lives`);
    if (!isSure) return;
    hold(fence === undefined, () => `${warehouse} was fenced: ${fence?.reason}`);
    const inbox = node.store.documents.inbox();
    const { outbox } = node.store;
    hold(appliedUpTo <= outbox.head().sequence, () => `${warehouse}: central is ahead of the node's log`);
    const highest = Math.max(appliedUpTo, this.#appliedEver.get(warehouse) ?? 0);
    hold(outbox.appliedUpTo() <= highest, () => `${warehouse}: the node believes more applied than is`);
    hold(outbox.firstSequence() <= highest + 1, () => `${warehouse}: its log lost what central has not applied`);
    const upHash = outbox.hashAt(appliedUpTo);
    const isUpSame = upHash === undefined || Buffer.compare(upHash, record.appliedHash) === 0;
    hold(isUpSame, () => `${warehouse}: two histories up at ${appliedUpTo}`);
    // Of another life of central it says nothing.
    const isOfThisLog = inbox.centralEpoch === this.#centralEpoch && this.#centralEpoch > this.#copiedEpoch;
    if (!isOfThisLog) return;
    hold(inbox.sequence <= down.sequence, () => `${warehouse}: the node is ahead of central's log`);
    hold(down.carriedOut <= inbox.sequence, () => `${warehouse}: central believes more carried out than is`);
    const downHash = await store.downHashAt(warehouse, inbox.sequence);
    const isDownSame = downHash !== undefined && Buffer.compare(downHash, inbox.hash) === 0;
    hold(isDownSame, () => `${warehouse}: two histories down at ${inbox.sequence}`);
  }

  /** P3 between both sides, by totals. */
  #checkPosition(position: PositionRecord & { readonly sku: Sku }, one: AuditedNode, books: CentralBooks): void {
    const { sku, warehouse, atCentral, granted, allocated, returned, isSuspect } = position;
    const at = one.audit.position(sku);
    const [grantedThere, highest] = [one.granted(sku), one.highest(sku)];
    const where = () => `${warehouse} ${sku}: central ${JSON.stringify(position)}, node ${JSON.stringify(at)}`;
    hold(!isSuspect, () => `${where()}: suspect`);
    hold(granted <= grantedThere, () => `${where()}: central saw more granted than was`);
    hold(allocated <= highest.allocated, () => `${where()}: central saw more allocated than was`);
    hold(returned <= highest.returned, () => `${where()}: central saw more come back than did`);
    const held = heldAt(books, warehouse, sku);
    hold(held === atCentral.held, () => `${where()}: promises hold ${held}`);
    if (!this.#isKnown(warehouse, books)) return;
    hold(unspentOf(position) >= 0, () => `${where()}: central has promised more than it has`);
    hold(at.allocated <= atCentral.allocatedSent, () => `${where()}: the node allocated more than was sent`);
    hold(at.returned <= atCentral.returned, () => `${where()}: the node took back more than was given`);
    const spent = atCentral.held + atCentral.allocatedSent + atCentral.returned;
    hold(spent <= grantedThere, () => `${where()}: ${spent} spent of ${grantedThere} granted`);
    const key = `${warehouse} ${sku}`;
    const before = this.#totals.get(key) ?? { returned: 0, allocatedSent: 0, granted: 0 };
    const doGrow =
      atCentral.returned >= before.returned &&
      atCentral.allocatedSent >= before.allocatedSent &&
      granted >= before.granted;
    hold(doGrow, () => `${where()}: a total fell from ${JSON.stringify(before)}`);
    this.#totals.set(key, { ...atCentral, granted });
    const sent = [...tasksAt(books, warehouse, sku, one), ...unknownAt(books, warehouse, sku)].reduce(
      (sum, { quantity }) => sum + quantity,
      0,
    );
    hold(sent === atCentral.allocatedSent, () => `${where()}: allocations are ${sent}`);
  }

  /** What shops are told, computed anew. */
  async #checkAnswers({ channels, positions, unsettled }: CentralBooks): Promise<void> {
    const { store } = this.#central;
    const revision = await store.currentRevision();
    hold(revision >= this.#revision, () => `the revision fell from ${this.#revision} to ${revision}`);
    this.#revision = revision;
    const all = [...positions.values()].flat();
    for (const { channel, warehouses, buffer: usual } of channels) {
      const buffers = await store.buffers(channel, undefined, ALL);
      for (const sku of new Set(all.map((position) => position.sku))) {
        const inside = all.filter(
          (one) =>
            one.sku === sku &&
            !unsettled.has(one.warehouse) &&
            (warehouses === 'all' || warehouses.includes(one.warehouse)),
        );
        const unspent = inside.reduce((sum, one) => sum + unspentOf(one), 0);
        const buffer = buffers.find((one) => one.sku === sku)?.buffer ?? usual;
        const { available } = await store.availability(sku, channel);
        const due = Math.max(0, unspent - buffer);
        hold(
          available === due,
          () => `${channel} ${sku}: the answer is ${available}, unspent ${unspent} less ${buffer}`,
        );
      }
    }
  }
}

function isSame(before: Seen | undefined, now: Seen): boolean {
  const keys = ['books', 'store', 'commits', 'appliedUpTo'] as const;
  return before !== undefined && keys.every((key) => before[key] === now[key]);
}

function hasOrderEnded({ state }: Order): boolean {
  return state === 'done' || state === 'cancelled';
}

function hasReservationEnded({ state }: Reservation): boolean {
  return state !== 'held';
}

/** `late`: tasks and SKUs that left although they had been given up. */
function checkOrder(order: Order, late: ReadonlySet<string>): void {
  const told = () => JSON.stringify(order);
  for (const line of order.lines)
    hold(imbalanceOf(order, line) === 0, () => `units of ${line.sku} are lost in ${told()}`);
  const paid = order.history.find(({ step }) => step === 'paid');
  hold(paid === undefined || paid.at < order.paymentDueAt, () => `paid after its time was over: ${told()}`);
  const lateLines = order.allocations.flatMap(({ task, lines }) =>
    lines.filter(({ sku }) => late.has(`${task} ${sku}`)),
  );
  const mismatches = order.history.filter(({ step }) => step === 'mismatch').length;
  hold(mismatches <= lateLines.length, () => `a node did what it was not asked: ${told()}`);
  const isOpen = order.lines.some(({ backordered, holds }) => backordered > 0 || holds.length > 0);
  hold(!(hasOrderEnded(order) && isOpen), () => `an ended order keeps units: ${told()}`);
}

/** Judged by the time of its end, not by who came first. */
function checkReservation(reservation: Reservation): void {
  const { state, ended, expiresAt } = reservation;
  const told = () => JSON.stringify(reservation);
  if (state === 'held' || ended === undefined) return;
  if (state === 'expired') hold(ended.at >= expiresAt, () => `expired before its time: ${told()}`);
  else hold(ended.at < expiresAt, () => `${state} when its time was over: ${told()}`);
}

export function heldAt({ orders, reservations }: CentralBooks, warehouse: WarehouseId, sku: Sku): number {
  const open = reservations.filter(({ state }) => state === 'held');
  return [...orders, ...open]
    .flatMap(({ lines }) => lines.filter((line) => line.sku === sku).flatMap((line) => line.holds))
    .filter((held) => held.warehouse === warehouse)
    .reduce((sum, { quantity }) => sum + quantity, 0);
}

/** What a warehouse has to ship of a SKU for orders that central has forgotten. */
export function unknownAt({ unknownTasks }: CentralBooks, warehouse: WarehouseId, sku: Sku) {
  return unknownTasks
    .filter((one) => one.warehouse === warehouse)
    .flatMap(({ task, lines }) =>
      lines
        .filter((line) => line.sku === sku)
        .map((line) => ({ ...line, task, releasing: 0, open: line.quantity - line.shipped - line.givenUp })),
    );
}

/** Without those that were withdrawn before their node ever heard of them. */
export function tasksAt({ orders }: CentralBooks, warehouse: WarehouseId, sku: Sku, { audit, others }: AuditedNode) {
  const isWithdrawn = (task: string, line: AllocationLine) =>
    others.length === 0 && line.givenUp === line.quantity && !audit.tasks.some(({ id }) => id === task);
  return orders
    .flatMap(({ allocations }) => allocations.filter((one) => one.warehouse === warehouse))
    .flatMap(({ task, lines }) =>
      lines
        .filter((line) => line.sku === sku && !isWithdrawn(task, line))
        .map((line) => ({ ...line, task, open: openOf(line) })),
    );
}
