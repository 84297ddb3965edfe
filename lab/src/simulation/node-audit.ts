import { openUnits, type Task } from '@edgestock/edge-node/ledger/command';
import { LATE_REASON } from '@edgestock/edge-node/rules/ship-task';
import type { Sku } from '@edgestock/shared/inventory/ids';
import { type MovementKind, movementKindOf, movementKinds } from '@edgestock/shared/inventory/movement';
import { availableOf, emptyPosition, type Position, type Quantities } from '@edgestock/shared/inventory/position';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { SimulatedNode } from './simulated-node.ts';
import { hold } from './violation.ts';

const PAGE = 1_000;
const ALL = 100_000;

/** Units of one position that local reservations and tasks have set aside. */
export type SetAside = { reserved: number; committedHere: number; committedForTasks: number };

/**
 * Holds a node to its own log: reads every committed movement once, adds it up on its own, and compares the node's positions,
 * reservations and tasks with that. What was once read must stay, whatever crashes.
 */
export class NodeAudit {
  readonly #node: SimulatedNode;
  readonly positions = new Map<Sku, Position>();
  /** Units that left under each task, and SKU. */
  readonly shipped = new Map<string, number>();
  /** Of these, those that left although they had been given up. */
  readonly shippedLate = new Map<string, number>();
  /** Kinds of movement that were met. */
  readonly kinds = new Set<MovementKind>();
  #tasks: readonly Task[] = [];
  #sequence = 0;
  #hash: string | undefined;
  #inbox = { centralEpoch: 0, sequence: 0 };

  constructor(node: SimulatedNode) {
    this.#node = node;
  }

  /** How far the node's log was read. */
  get sequence(): number {
    return this.#sequence;
  }

  position(sku: Sku): Position {
    return this.positions.get(sku) ?? emptyPosition;
  }

  /** As of the last look. */
  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  check(): void {
    const { store, warehouse } = this.#node;
    this.#tasks = store.documents.tasks.page(undefined, 0, ALL).tasks;
    const head = store.outbox.head();
    hold(
      head.sequence >= this.#sequence,
      () => `${warehouse}: movements up to ${this.#sequence} were durable and are gone`,
    );
    const hashThere = store.outbox.hashAt(this.#sequence);
    const isSame = this.#hash === undefined || hashThere === undefined || hex(hashThere) === this.#hash;
    hold(isSame, () => `${warehouse}: another history at ${this.#sequence} than was durable there`);
    while (this.#sequence < head.sequence) this.#readPage();
    this.#hash = hex(head.hash);
    const { centralEpoch, sequence } = store.documents.inbox();
    const before = this.#inbox;
    hold(
      centralEpoch > before.centralEpoch || (centralEpoch === before.centralEpoch && sequence >= before.sequence),
      () =>
        `${warehouse}: its cursor in central's log fell from ${JSON.stringify(before)} to ${centralEpoch}.${sequence}`,
    );
    this.#inbox = { centralEpoch, sequence };
    this.#checkPositions();
    this.#checkSetAsides();
    const refused = store.exceptions.openAfter(0, PAGE).find(({ kind }) => kind === 'directive-refused');
    hold(refused === undefined, () => `${warehouse}: a directive was refused, ${JSON.stringify(refused)}`);
  }

  /** What the documents of the node say is set aside. */
  setAsides(): ReadonlyMap<Sku, SetAside> {
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
    for (const task of this.#tasks) {
      for (const line of task.lines) of(line.sku).committedForTasks += openUnits(line);
    }
    return all;
  }

  /** Ids of local reservations that were ever asked for. */
  readonly reservationIds = new Set<string>();

  #readPage(): void {
    const { store, warehouse } = this.#node;
    const slice = store.outbox.slice(this.#sequence, { deltasMax: PAGE, bytesMax: Number.MAX_SAFE_INTEGER });
    hold(slice !== undefined, () => `${warehouse}: nothing in the log after ${this.#sequence}`);
    for (const bytes of slice?.deltas ?? []) {
      this.#sequence += 1;
      this.#readDelta(decodeDelta(bytes));
    }
  }

  #readDelta({ kind: code, sku, quantity, version, state, details }: ReturnType<typeof decodeDelta>): void {
    const kind = movementKindOf(code);
    const before = this.position(sku);
    const at = () => `${this.#node.warehouse} ${sku} at ${this.#sequence} (${kind} ${quantity})`;
    hold(kind !== undefined, () => `${at()}: an unknown kind ${code}`);
    if (kind === undefined) return;
    this.kinds.add(kind);
    const { change } = movementKinds[kind];
    const isMoving = change === 'in' || change === 'out' || change === 'signed';
    const added = { ...before, onHand: before.onHand + (isMoving ? quantity : 0), unsellable: state.unsellable };
    const due = withSetAsides(added, kind, quantity);
    for (const name of Object.keys(state) as (keyof Quantities)[]) {
      hold(state[name] === due[name], () => `${at()}: ${name} is ${state[name]}, its movements make ${due[name]}`);
    }
    hold(version === before.version + 1, () => `${at()}: version ${version} follows ${before.version}`);
    this.#checkPromise(kind, before, state, at);
    // What central allocates comes out of the quota; what does not is of this site.
    const isOwn = details.document !== undefined && this.reservationIds.has(details.document);
    const isLate = kind === 'commit' && details.reason === LATE_REASON;
    if (isLate) this.shippedLate.set(`${details.document} ${sku}`, quantity);
    hold(kind !== 'commit' || isOwn || isLate, () => `${at()}: ${details.document} was allocated beyond the quota`);
    if (kind === 'ship' && details.document !== undefined) {
      const key = `${details.document} ${sku}`;
      this.shipped.set(key, (this.shipped.get(key) ?? 0) - quantity);
    }
    this.positions.set(sku, { ...state, version, sequence: this.#sequence });
  }

  /** P3 at the node: whoever promises has the units; totals grow; nothing of a quota is spent twice. */
  #checkPromise(kind: MovementKind, before: Quantities, state: Quantities, at: () => string): void {
    if (kind === 'reserve' || kind === 'grant') {
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

  #checkSetAsides(): void {
    const { warehouse } = this.#node;
    const all = this.setAsides();
    for (const [sku, { reserved, committed }] of this.positions) {
      const due = all.get(sku) ?? { reserved: 0, committedHere: 0, committedForTasks: 0 };
      const isTrue = reserved === due.reserved && committed === due.committedHere + due.committedForTasks;
      hold(
        isTrue,
        () => `${warehouse} ${sku}: reserved ${reserved}, committed ${committed}; documents say ${JSON.stringify(due)}`,
      );
    }
    for (const task of this.#tasks) {
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
