import { openUnits, type RecordedMovement, type Task } from '@edgestock/edge-node/ledger/command';
import { EXPIRED_REASON } from '@edgestock/edge-node/rules/change-reservation';
import { REJOIN_REASON } from '@edgestock/edge-node/rules/retell';
import { LATE_REASON } from '@edgestock/edge-node/rules/ship-task';
import type { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import type { Sku } from '@edgestock/shared/inventory/ids';
import { type MovementKind, movementKindOf, movementKinds } from '@edgestock/shared/inventory/movement';
import { availableOf, emptyPosition, type Position, type Quantities } from '@edgestock/shared/inventory/position';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { AskedUnits } from './asked-units.ts';
import { LastingReservations } from './lasting-reservations.ts';
import { QuotaAudit } from './quota-audit.ts';
import { type Read, ReadLog } from './read-log.ts';
import type { SimulatedNode } from './simulated-node.ts';
import { hold } from './violation.ts';

const PAGE = 1_000;
const ALL = 100_000;

/** Units of one position that local reservations and tasks have set aside. */
export type SetAside = { reserved: number; committedHere: number; committedForTasks: number };

export type TransferredUnits = { readonly left: number; readonly came: number; readonly lost: number };
const transferredBy: ReadonlyMap<MovementKind, keyof TransferredUnits> = new Map([
  ['transfer-ship', 'left'],
  ['transfer-receive', 'came'],
  ['transfer-lost', 'lost'],
]);

/** What a node that may have forgotten promises does not record. */
const promising: ReadonlySet<MovementKind> = new Set(['reserve', 'grant', 'allocate']);

/**
 * Holds a node to its own log: reads every committed movement once, adds it up on its own, and compares the node's positions,
 * reservations and tasks with that. What was once read must stay, whatever crashes.
 */
export class NodeAudit {
  readonly #node: SimulatedNode;
  readonly #clock: Clock;
  readonly #lasting: LastingReservations;
  readonly positions = new Map<Sku, Position>();
  /** Units that left under each task, and SKU. */
  readonly shipped = new Map<string, number>();
  /** Of these, those that left although they had been given up. */
  readonly shippedLate = new Map<string, number>();
  /** Units of each transfer and SKU that left here, came here, or were given up here. */
  readonly transferred = new Map<string, TransferredUnits>();
  /** The same as it happened, whatever became of the disks that it was recorded on. */
  readonly moved: Map<string, TransferredUnits>;
  /** Kinds of movement that were met. */
  readonly kinds = new Set<MovementKind>();
  readonly quotas: QuotaAudit;
  #tasks: readonly Task[] = [];
  /** `entries[i]` is what sequence `i + 1` says. */
  readonly entries: string[] = [];
  /** What people were told is recorded, and has not been looked for yet. */
  #owed: RecordedMovement[] = [];
  readonly #asked: AskedUnits;
  /** What is not in the node's log any more. */
  #begin = 0;
  #hash: string | undefined;
  #inbox = { centralEpoch: 0, sequence: 0 };
  /** What the last look saw: where nothing was committed since, there is nothing to look at. */
  #seen: { readonly store: EdgeStore; readonly commits: number } | undefined;
  readonly #log = new ReadLog();
  #isOver = false;
  /** What is read now was recorded before, in other books. */
  #isReadingCopies = false;
  #wasRestored = false;
  /** To be counted before more of them is granted. */
  readonly #uncounted = new Set<Sku>();

  /** `before`: what is known of another log of the warehouse, with which this one begins. */
  constructor(node: SimulatedNode, clock: Clock, before?: NodeAudit) {
    this.#node = node;
    this.#clock = clock;
    this.#lasting = new LastingReservations(node, clock);
    this.quotas = before?.quotas.fork() ?? new QuotaAudit();
    this.#asked = before === undefined ? new AskedUnits() : before.#asked.fork();
    this.moved = before?.moved ?? new Map();
    this.reservationIds = before?.reservationIds ?? new Set();
    this.transferIds = before?.transferIds ?? new Set();
  }

  /** That of a log which is this one up to a place, and goes on by itself. */
  fork(node: SimulatedNode, upTo: number): NodeAudit {
    const fork = new NodeAudit(node, this.#clock, this);
    fork.#copies(() => {
      for (const read of this.#log.upTo(upTo)) fork.#take(read);
    });
    fork.#hash = hex(must(this.hashAt(upTo), 'a fork is at a place of the log'));
    return fork;
  }

  /** Right after a rejoin: what there is beyond central's log was told by the former books. */
  checkTold(): void {
    this.#copies(() => this.check());
  }

  #copies(read: () => void): void {
    this.#isReadingCopies = true;
    read();
    this.#isReadingCopies = false;
  }

  /** The chain hash at a place, made of what was read; `undefined` beyond it. */
  hashAt(sequence: number): Uint8Array | undefined {
    return this.#log.hashAt(sequence);
  }

  /** The movements after a place. */
  deltasAfter(sequence: number): readonly Delta[] {
    return this.#log.deltasIn(sequence);
  }

  /** What the movements in (after, upTo] name as their causes. */
  documentsIn(after: number, upTo: number): ReadonlySet<string> {
    return new Set(this.#log.deltasIn(after, upTo).flatMap(({ details }) => details.document ?? []));
  }

  /** The node has other books from now on. */
  end(): void {
    this.#isOver = true;
  }

  /** Nobody knows how many there are: nothing of them is granted before they are counted. */
  uncount(skus: Iterable<Sku>): void {
    for (const sku of skus) {
      this.#uncounted.add(sku);
      const { warehouse, store } = this.#node;
      hold(store.documents.isUncounted(sku), () => `${warehouse} ${sku}: nobody is asked to count what may be missing`);
    }
  }

  /** How far the node's log was read. */
  get sequence(): number {
    return this.#log.sequence;
  }

  position(sku: Sku): Position {
    return this.positions.get(sku) ?? emptyPosition;
  }

  get tasks(): readonly Task[] {
    return this.#node.store.documents.tasks.page(undefined, 0, ALL).tasks;
  }

  /** Somebody was told that these are recorded (P1). */
  owe(movements: readonly RecordedMovement[]): void {
    this.#owed.push(...movements);
  }

  /** A reservation was made or renewed, and its customer told how long it lasts. */
  keep(reservation: string, ttlMs: number): void {
    this.#lasting.keep(reservation, ttlMs);
  }

  /** Units that a document asks for, however often it is said (P9). */
  ask(document: string, lines: readonly SkuQuantity[]): void {
    this.#asked.ask(document, lines);
  }

  /** History has left the log, and with it the keys of what was recorded there: who says it again says something new. */
  trimmed(): void {
    const begin = this.#node.store.outbox.firstSequence() - 1;
    this.#asked.forget(this.documentsIn(this.#begin, begin));
    this.#begin = begin;
  }

  check(): void {
    if (this.#isOver) return;
    const { store, warehouse, commits } = this.#node;
    const head = store.outbox.head();
    const isSeen = this.#seen?.store === store && this.#seen.commits === commits;
    if (isSeen && this.#owed.length === 0 && this.sequence === head.sequence && this.#hasSameInbox()) return;
    this.#seen = { store, commits };
    hold(
      head.sequence >= this.sequence,
      () => `${warehouse}: movements up to ${this.sequence} were durable and are gone`,
    );
    const hashThere = store.outbox.hashAt(this.sequence);
    const isSame = this.#hash === undefined || hashThere === undefined || hex(hashThere) === this.#hash;
    hold(isSame, () => `${warehouse}: another history at ${this.sequence} than was durable there`);
    const first = this.sequence + 1;
    while (this.sequence < head.sequence) this.#readPage();
    this.#hash = hex(head.hash);
    this.#checkRestored(first);
    for (const owed of this.#owed.splice(0)) {
      const there = this.entries[owed.sequence - 1];
      hold(
        there === inWords(owed),
        () => `${warehouse}: ${owed.sequence} was acknowledged as "${inWords(owed)}" and is "${there}"`,
      );
    }
    const { centralEpoch, sequence } = store.documents.inbox();
    const before = this.#inbox;
    hold(
      centralEpoch > before.centralEpoch || (centralEpoch === before.centralEpoch && sequence >= before.sequence),
      () =>
        `${warehouse}: its cursor in central's log fell from ${JSON.stringify(before)} to ${centralEpoch}.${sequence}`,
    );
    this.#inbox = { centralEpoch, sequence };
    // Nothing else refuses one.
    if (sequence !== before.sequence || centralEpoch !== before.centralEpoch) this.#checkRefused();
    this.#checkPositions();
    const { tasks } = this;
    this.#checkSetAsides(tasks);
  }

  #checkRefused(): void {
    const { store, warehouse } = this.#node;
    const refused = store.exceptions.openAfter(0, PAGE).find(({ kind }) => kind === 'directive-refused');
    hold(refused === undefined, () => `${warehouse}: a directive was refused, ${JSON.stringify(refused)}`);
  }

  #hasSameInbox(): boolean {
    const { centralEpoch, sequence } = this.#node.store.documents.inbox();
    return this.#inbox.centralEpoch === centralEpoch && this.#inbox.sequence === sequence;
  }

  /** What the documents of the node say is set aside. */
  setAsides(tasks: readonly Task[] = this.tasks): ReadonlyMap<Sku, SetAside> {
    const all = new Map<Sku, SetAside>();
    const of = (sku: Sku) => {
      const known = all.get(sku) ?? { reserved: 0, committedHere: 0, committedForTasks: 0 };
      all.set(sku, known);
      return known;
    };
    const { reservations } = this.#node.store.documents;
    for (const id of this.reservationIds) {
      const reservation = reservations.find(id);
      for (const { sku, quantity } of reservation?.lines ?? []) {
        if (reservation?.state === 'held') of(sku).reserved += quantity;
        if (reservation?.state === 'confirmed') of(sku).committedHere += quantity;
      }
    }
    for (const id of this.transferIds) {
      const transfer = this.#node.store.documents.transfers.find(id, this.#node.warehouse);
      if (transfer?.state !== 'planned') continue;
      for (const { sku, planned } of transfer.lines) of(sku).committedHere += planned;
    }
    for (const task of tasks) {
      for (const line of task.lines) of(line.sku).committedForTasks += openUnits(line);
    }
    return all;
  }

  /** Ids of local reservations that were ever asked for. */
  readonly reservationIds: Set<string>;
  /** The same of transfers that leave here. */
  readonly transferIds: Set<string>;

  #readPage(): void {
    const { store, warehouse } = this.#node;
    const slice = store.outbox.slice(this.sequence, { deltasMax: PAGE, bytesMax: Number.MAX_SAFE_INTEGER });
    hold(slice !== undefined, () => `${warehouse}: nothing in the log after ${this.sequence}`);
    // As of the last look: what it granted since was decided by that, or by something newer.
    for (const bytes of slice?.deltas ?? []) this.#take({ bytes, heard: this.#inbox });
  }

  #take(read: Read): void {
    const delta = this.#log.push(read);
    this.#readDelta(delta);
    this.quotas.record(delta, { sequence: this.sequence, heard: read.heard });
    if (delta.details.reason === REJOIN_REASON) this.quotas.lost(delta.sku);
  }

  /** P3: a node whose books may not be the latest there are promises nothing, until they are known to be. */
  #checkRestored(first: number): void {
    const isRestored = this.#node.store.restored !== undefined;
    const isOnlyRestored = isRestored && this.#wasRestored;
    this.#wasRestored = isRestored;
    for (const { kind: code, sku, details } of isOnlyRestored ? this.deltasAfter(first - 1) : []) {
      const kind = movementKindOf(code);
      hold(
        kind === undefined || !promising.has(kind) || details.reason === REJOIN_REASON,
        () => `${this.#node.warehouse} ${sku}: ${kind} by books that may not be the latest`,
      );
    }
  }

  #readDelta({ kind: code, sku, quantity, version, state, details }: Delta): void {
    const kind = movementKindOf(code);
    const before = this.position(sku);
    const at = () => `${this.#node.warehouse} ${sku} at ${this.sequence} (${kind} ${quantity})`;
    hold(kind !== undefined, () => `${at()}: an unknown kind ${code}`);
    if (kind === undefined) return;
    this.kinds.add(kind);
    const isCounted = kind !== 'grant' || !this.#uncounted.has(sku) || details.reason === REJOIN_REASON;
    hold(isCounted, () => `${at()}: granted before it was counted`);
    this.entries.push(inWords({ kind, sku, quantity }));
    const { change } = movementKinds[kind];
    const isMoving = change === 'in' || change === 'out' || change === 'signed';
    const added = { ...before, onHand: before.onHand + (isMoving ? quantity : 0), unsellable: state.unsellable };
    const due = withSetAsides(added, kind, quantity);
    for (const name of Object.keys(state) as (keyof Quantities)[]) {
      hold(state[name] === due[name], () => `${at()}: ${name} is ${state[name]}, its movements make ${due[name]}`);
    }
    hold(version === before.version + 1, () => `${at()}: version ${version} follows ${before.version}`);
    // What was promised in a life that ended stays promised, whether or not the goods are there now.
    const isToldAgain = details.reason === REJOIN_REASON;
    this.#checkPromise(kind, before, state, { at, isToldAgain });
    if (kind === 'count') this.#uncounted.delete(sku);
    // What central allocates comes out of the quota; what does not is of this site.
    const { document = '' } = details;
    const isOwn = this.reservationIds.has(document) || this.transferIds.has(document);
    const isLate = kind === 'commit' && details.reason === LATE_REASON;
    if (isLate) this.shippedLate.set(`${details.document} ${sku}`, quantity);
    hold(
      kind !== 'commit' || isOwn || isLate || isToldAgain,
      () => `${at()}: ${details.document} was allocated beyond the quota`,
    );
    if (kind === 'release' && details.reason === EXPIRED_REASON) this.#lasting.expired(document);
    const key = `${document} ${sku}`;
    if (kind === 'ship') this.shipped.set(key, (this.shipped.get(key) ?? 0) - quantity);
    this.#readTransfer(kind, key, quantity);
    this.#asked.record(kind, key, quantity, at);
    this.positions.set(sku, { ...state, version, sequence: this.sequence });
  }

  #readTransfer(kind: MovementKind, key: string, quantity: number): void {
    const name = transferredBy.get(kind);
    if (name === undefined) return;
    for (const units of this.#isReadingCopies ? [this.transferred] : [this.transferred, this.moved]) {
      const before = units.get(key) ?? { left: 0, came: 0, lost: 0 };
      units.set(key, { ...before, [name]: before[name] + (name === 'left' ? -quantity : quantity) });
    }
  }

  /** P3 at the node: whoever promises has the units; totals grow; nothing of a quota is spent twice. */
  #checkPromise(
    kind: MovementKind,
    before: Quantities,
    state: Quantities,
    { at, isToldAgain }: { readonly at: () => string; readonly isToldAgain: boolean },
  ): void {
    if ((kind === 'reserve' || kind === 'grant') && !isToldAgain) {
      hold(availableOf(state) >= 0, () => `${at()}: promised without cover, available ${availableOf(state)}`);
    }
    const isSum = state.quota === state.granted - state.returned - state.allocated;
    hold(state.quota >= 0 && isSum, () => `${at()}: quota ${JSON.stringify(state)}`);
    for (const name of ['granted', 'allocated', 'returned'] as const) {
      hold(state[name] >= before[name], () => `${at()}: ${name} fell from ${before[name]} to ${state[name]}`);
    }
    hold(state.reserved >= 0 && state.committed >= 0, () => `${at()}: set-asides below zero`);
  }

  #checkPositions(): void {
    const { store, warehouse } = this.#node;
    const rows = store.shelves.page('', PAGE);
    for (const { sku, position } of rows) {
      const due = this.position(sku);
      for (const name of Object.keys(due) as (keyof Position)[]) {
        hold(
          position[name] === due[name],
          () => `${warehouse} ${sku}: ${name} ${position[name]}, its log makes ${due[name]}`,
        );
      }
    }
    hold(rows.length >= this.positions.size, () => `${warehouse}: a position is missing`);
  }

  #checkSetAsides(tasks: readonly Task[]): void {
    const { warehouse } = this.#node;
    const all = this.setAsides(tasks);
    for (const [sku, { reserved, committed }] of this.positions) {
      const due = all.get(sku) ?? { reserved: 0, committedHere: 0, committedForTasks: 0 };
      const isTrue = reserved === due.reserved && committed === due.committedHere + due.committedForTasks;
      hold(
        isTrue,
        () => `${warehouse} ${sku}: reserved ${reserved}, committed ${committed}; documents say ${JSON.stringify(due)}`,
      );
    }
    for (const task of tasks) {
      for (const { sku, shipped, quantity } of task.lines) {
        const left = this.shipped.get(`${task.id} ${sku}`) ?? 0;
        hold(
          left === shipped && shipped <= quantity,
          () => `${task.id} ${sku}: ${left} left, ${shipped} of ${quantity} shipped`,
        );
      }
    }
  }
}

/** A movement as it is compared: in the log, in answers, and at central. */
export function inWords(movement: { readonly kind: string; readonly sku: string; readonly quantity: number }): string {
  return `${movement.kind} ${movement.sku} ${movement.quantity}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
