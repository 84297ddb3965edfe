import type { Command, MovementLine, Outcome, TakeStep, Task } from '@edgestock/edge-node/ledger/command';
import { leavingUnits, missings, openUnits } from '@edgestock/edge-node/ledger/command';
import { LedgerUnavailable } from '@edgestock/edge-node/ledger/ledger-unavailable';
import { replicationLimits } from '@edgestock/edge-node/replication/limits';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import type { Action } from './actions.ts';
import type { AuditedNode } from './audited-node.ts';
import type { NodeAudit } from './node-audit.ts';
import type { NodeLife } from './simulated-node.ts';
import { hold } from './violation.ts';
import { skus, type World } from './world.ts';

/** Beyond the distance from which on states go ahead of history. */
const STOCK_TAKING_LINES = replicationLimits.behindDeltasMin + 100;
/** Of a long command or answer the trace tells the beginning. */
const TOLD_LENGTH = 300;

/** What people do at the nodes: tills, the receiving dock, counts, the service desk, pickers. */
export class ShopFloor {
  readonly #world: World;
  /** Of every command that may be said again: a retry of somebody who heard no answer, or did not believe it. */
  readonly #said: { readonly at: AuditedNode; readonly books: NodeAudit; readonly command: Command }[] = [];
  #made = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get actions(): readonly Action[] {
    return [
      { name: 'sell', weight: 14, act: () => this.#sell() },
      { name: 'return', weight: 2, act: () => this.#record('return') },
      { name: 'receive', weight: 6, act: () => this.#record('receive') },
      { name: 'count', weight: 3, act: () => this.#count() },
      { name: 'shrink', weight: 4, act: () => this.#shrink() },
      { name: 'spoil', weight: 2, act: () => this.#spoil() },
      { name: 'keep', weight: 6, act: () => this.#reserve() },
      { name: 'keep on', weight: 6, act: () => this.#changeReservation() },
      { name: 'hand over', weight: 3, act: () => this.#fulfil() },
      { name: 'work', weight: 14, act: () => this.#work() },
      { name: 'stock taking', weight: 0.15, act: () => this.#takeStock() },
      { name: 'say again', weight: 3, act: () => this.#sayAgain() },
    ];
  }

  /** What begins the story: goods at every node. */
  async stock(): Promise<void> {
    const { chance } = this.#world;
    for (const at of this.#world.nodes) {
      const lines = skus.map((sku) => ({ sku, quantity: chance.between(2, 12) }));
      await this.say(at, { type: 'record', kind: 'receive', lines }, 'opens with');
    }
  }

  #sell(): Promise<unknown> {
    const at = this.#anyNode();
    const lines = this.#lines();
    const receipt = this.#name('till/');
    at.audit.ask(receipt, lines);
    const idempotency = { scope: 'sale', key: keyOf(receipt), fingerprint: JSON.stringify(lines) } as const;
    const command: Command = { type: 'record', kind: 'sale', lines, document: receipt, idempotency };
    return this.say(at, command, 'sells', (life) => life.lastUnits.beforeSale(lines));
  }

  #record(kind: 'return' | 'receive'): Promise<unknown> {
    const at = this.#anyNode();
    const lines = this.#lines();
    const key = this.#name(kind);
    at.audit.ask(key, lines);
    const idempotency = { scope: 'key', key, fingerprint: JSON.stringify(lines) } as const;
    return this.say(at, { type: 'record', kind, lines, document: key, idempotency }, kind);
  }

  #count(): Promise<unknown> {
    const { chance } = this.#world;
    const at = this.#anyNode();
    const sku = chance.one(skus);
    const counted = Math.max(0, at.audit.position(sku).onHand + chance.between(-2, 1));
    return this.say(at, { type: 'count', lines: [{ sku, counted }] }, 'counts');
  }

  /** So much happens that a node which was cut off comes back far behind: its states go ahead of its log then. */
  #takeStock(): Promise<unknown> {
    const lines = Array.from({ length: STOCK_TAKING_LINES }, (_, index) => ({
      sku: must(skus[index % skus.length], 'a SKU'),
      quantity: 1,
      bin: `bin-${index % 2}`,
      toBin: `bin-${(index + 1) % 2}`,
    }));
    return this.say(this.#anyNode(), { type: 'record', kind: 'move', lines, actor: 'stock taking' }, 'moves');
  }

  /** Also below what is promised. */
  #shrink(): Promise<unknown> {
    const { chance } = this.#world;
    const at = this.#anyNode();
    const sku = chance.one(skus);
    const units = Math.min(chance.between(1, 4), at.audit.position(sku).onHand);
    if (units <= 0) return Promise.resolve();
    const lines = [{ sku, quantity: -units, reason: 'theft' as const }];
    return this.say(at, { type: 'record', kind: 'adjust', lines }, 'misses');
  }

  /** Units become unfit, or fit again. */
  #spoil(): Promise<unknown> {
    const { chance } = this.#world;
    const [condition, toCondition] = chance.happens(0.7)
      ? (['sellable', 'damaged'] as const)
      : (['damaged', 'sellable'] as const);
    const lines: MovementLine[] = [{ sku: chance.one(skus), quantity: 1, condition, toCondition }];
    return this.say(this.#anyNode(), { type: 'record', kind: 'move', lines, reason: 'damaged' }, 'moves');
  }

  #reserve(): Promise<unknown> {
    const { chance } = this.#world;
    const at = this.#anyNode();
    const lines = this.#lines();
    const id = this.#name('desk');
    at.audit.reservationIds.add(id);
    const ttlMs = chance.between(2, 60) * 1_000;
    const command: Command = { type: 'reserve', id, owner: 'desk', ttlMs, lines, fingerprint: JSON.stringify(lines) };
    return this.say(at, command, 'keeps', (life) => life.lastUnits.beforePromise(lines));
  }

  async #changeReservation(): Promise<void> {
    const { chance } = this.#world;
    const at = this.#anyNode();
    const id = this.#anyReservation(at);
    if (id === undefined) return;
    const step = chance.one(['confirm-reservation', 'release-reservation', 'renew-reservation'] as const);
    const command: Command =
      step === 'renew-reservation' ? { type: step, id, ttlMs: chance.between(5, 60) * 1_000 } : { type: step, id };
    const before = at.node.life?.ledger.view.reservation(id);
    const outcome = await this.say(at, command, 'turns to');
    const isFirm = step === 'confirm-reservation' && outcome?.outcome === 'recorded';
    hold(!(isFirm && before?.state === 'expired'), () => `${id} was confirmed when its time was over`);
  }

  #fulfil(): Promise<unknown> {
    const at = this.#anyNode();
    const id = this.#anyReservation(at);
    const reservation = id === undefined ? undefined : at.node.life?.ledger.view.reservation(id);
    if (id === undefined || reservation === undefined || reservation.state === 'fulfilled') return Promise.resolve();
    const receipt = this.#name('till/');
    const idempotency = { scope: 'sale', key: keyOf(receipt), fingerprint: id } as const;
    const command: Command = { type: 'fulfil-reservation', id, document: receipt, idempotency };
    const isKept = reservation.state === 'held' || reservation.state === 'confirmed';
    return this.say(at, command, 'hands over', (life) =>
      isKept ? life.lastUnits.beforeShip(reservation.lines) : life.lastUnits.beforeSale(reservation.lines),
    );
  }

  #work(): Promise<unknown> {
    const { chance } = this.#world;
    const at = this.#anyNode();
    // A parcel leaves all the same now and then though its task was given up, in part or whole, even one that nobody picked.
    const open = at.audit.tasks.filter(
      (task) =>
        task.state !== 'shipped' && (task.lines.some((line) => leavingUnits(task, line) > 0) || chance.happens(0.02)),
    );
    if (open.length === 0) return Promise.resolve();
    const task = chance.one(open);
    const step = chance.one(task.state === 'open' ? (['pick', 'pick', 'ship'] as const) : (['pack', 'ship'] as const));
    const common = { type: 'task-step', task: task.id, fingerprint: step } as const;
    if (step === 'ship' && chance.happens(0.3)) return this.#shipAsSaid(at, task);
    if (step !== 'pick') {
      const units = task.lines.map((line) => ({ sku: line.sku, quantity: leavingUnits(task, line) }));
      const some = units.filter(({ quantity }) => quantity > 0);
      return this.say(at, { ...common, step }, step, (life) =>
        step === 'ship' ? life.lastUnits.beforeShip(some) : undefined,
      );
    }
    return this.say(at, chance.happens(0.5) ? { ...common, step } : this.#shortPick(task), 'picks');
  }

  /** The packer says what left: all that the task was ever for, or any other part of it. */
  #shipAsSaid(at: AuditedNode, task: Task): Promise<unknown> {
    const { chance } = this.#world;
    const isWhole = chance.happens(0.5);
    const lines = task.lines.map(({ sku, quantity }) => {
      return { sku, shipped: isWhole ? quantity : chance.between(0, quantity) };
    });
    const command = {
      type: 'task-step',
      task: task.id,
      step: 'ship',
      lines,
      fingerprint: JSON.stringify(lines),
    } as const;
    const some = lines.filter(({ shipped }) => shipped > 0).map(({ sku, shipped }) => ({ sku, quantity: shipped }));
    return this.say(at, command, 'ships', (life) => life.lastUnits.beforeShip(some));
  }

  #shortPick(task: Task): TakeStep {
    const { chance } = this.#world;
    const lines = task.lines.map((line) => {
      const picked = chance.between(0, openUnits(line));
      return { sku: line.sku, picked, ...(picked < openUnits(line) ? { missing: chance.one(missings) } : {}) };
    });
    return { type: 'task-step', task: task.id, step: 'pick', lines, fingerprint: JSON.stringify(lines) };
  }

  #sayAgain(): Promise<unknown> {
    if (this.#said.length === 0) return Promise.resolve();
    const { at, books, command } = this.#world.chance.one(this.#said);
    // Keys that a log does not tell are forgotten with the disk: who repeats such a request then is not known again.
    const isKnownAgain = 'idempotency' in command && command.idempotency?.scope === 'sale';
    return books === at.audit || isKnownAgain ? this.say(at, command, 'says again') : Promise.resolve();
  }

  /** As a door does it: asks for last units where they are missing, then has it recorded. */
  async say(
    at: AuditedNode,
    command: Command,
    verb: string,
    before?: (life: NodeLife) => Promise<void> | undefined,
  ): Promise<Outcome | undefined> {
    const { trace } = this.#world;
    const { node } = at;
    const told = `${node.warehouse} ${verb} ${inWords(command).slice(0, TOLD_LENGTH)}`;
    const { life } = node;
    if (life === undefined) return undefined;
    if (isPromise(command, life) && node.store.restored !== undefined) {
      trace.note(`${told}: refused, the node was restored`);
      return undefined;
    }
    if ('idempotency' in command || command.type === 'reserve' || command.type === 'task-step') {
      this.#said.push({ at, books: at.audit, command });
    }
    const asking = before?.(life);
    if (asking !== undefined) {
      trace.note(`${told}: asks for last units first`);
      await asking;
    }
    // The process died while it asked.
    if (node.life !== life) return undefined;
    const outcome = await life.ledger.record(command).catch((error: unknown) => {
      if (!(error instanceof LedgerUnavailable)) throw error;
      return undefined;
    });
    if (outcome === undefined) {
      trace.note(`${told}: refused by the disk`);
      return undefined;
    }
    if (node.life !== life) {
      trace.note(`${told}: no answer, the node died`);
      return undefined;
    }
    if (outcome.outcome === 'recorded') {
      at.audit.owe(outcome.answer.movements);
      if (command.type === 'reserve' || command.type === 'renew-reservation') at.audit.keep(command.id, command.ttlMs);
    }
    trace.note(`${told}: ${outcomeInWords(outcome).slice(0, TOLD_LENGTH)}`);
    return outcome;
  }

  #anyNode(): AuditedNode {
    return this.#world.chance.one(this.#world.nodes);
  }

  #anyReservation({ audit }: AuditedNode): string | undefined {
    const ids = [...audit.reservationIds];
    return ids.length === 0 ? undefined : this.#world.chance.one(ids.slice(-6));
  }

  #lines(): readonly SkuQuantity[] {
    return this.#world.someLines();
  }

  #name(kind: string): string {
    this.#made += 1;
    return kind.endsWith('/') ? `${kind}${this.#made}` : `${kind}-${this.#made}`;
  }
}

/** As the door of the tills names a receipt: by that a node knows it again when it has taken its log back from central. */
function keyOf(receipt: string): string {
  return receipt.replace('/', '\n');
}

/** What the doors of a node refuse as long as its books may not be the latest there are. */
function isPromise(command: Command, { ledger, store }: NodeLife): boolean {
  if (command.type === 'reserve') return ledger.view.reservation(command.id) === undefined;
  return (
    command.type === 'plan-transfer' && ledger.transfers.find(command.id, store.node.identity().warehouse) === undefined
  );
}

function inWords(command: Command): string {
  const id = 'id' in command ? `${command.id} ` : 'task' in command ? `${command.task} ` : '';
  const document = 'document' in command && command.document !== undefined ? `${command.document} ` : '';
  const lines = 'lines' in command ? (command.lines ?? []) : [];
  const units = lines.map((line) => {
    if ('picked' in line) return `${line.sku}${line.picked}${line.missing === undefined ? '' : ` (${line.missing})`}`;
    if ('counted' in line) return `${line.sku}=${line.counted}`;
    return 'quantity' in line ? `${line.sku}${line.quantity}` : line.sku;
  });
  return `${command.type} ${id}${document}${units.join(' ')}`;
}

function outcomeInWords(outcome: Outcome): string {
  switch (outcome.outcome) {
    case 'recorded':
      return outcome.answer.movements
        .map(({ sequence, kind, sku, quantity }) => `#${sequence} ${kind} ${sku} ${quantity}`)
        .join(', ');
    case 'refused':
      return `refused, ${JSON.stringify(outcome.refusal)}`;
    case 'invalid':
      return `invalid, ${outcome.problems[0]?.message}`;
    default:
      return outcome.outcome;
  }
}
