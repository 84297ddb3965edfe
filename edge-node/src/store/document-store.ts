import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { SkuPolicy, WarehousePolicy } from '@edgestock/shared/protocol/directive';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Database } from 'better-sqlite3';
import type { Documents, DocumentWrite, DownCursor } from '../rules/documents.ts';
import type { Reservation } from '../rules/reservation.ts';
import type { Task, TaskStep } from '../rules/task.ts';
import type { Transfer } from '../rules/transfer.ts';
import type { ExceptionStore } from './exception-store.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import { InboxStore } from './inbox-store.ts';
import type { ItemStore } from './item-store.ts';
import { LateFactStore, receiptKeyOf } from './late-fact-store.ts';
import type { MovementStore } from './movement-store.ts';
import type { NodeStore } from './node-store.ts';
import { PolicyStore } from './policy-store.ts';
import { ReservationStore } from './reservation-store.ts';
import { TaskStore } from './task-store.ts';
import { TransferStore } from './transfer-store.ts';

/** The node's documents: read by the rules, written with the movements they go with. One store for each noun. */
export class DocumentStore implements Documents {
  readonly directives: InboxStore;
  readonly policies: PolicyStore;
  readonly tasks: TaskStore;
  readonly transfers: TransferStore;
  readonly reservations: ReservationStore;
  readonly lateFacts: LateFactStore;
  readonly #movements: MovementStore;
  readonly #idempotency: IdempotencyStore;
  readonly #node: NodeStore;
  readonly #items: ItemStore;
  readonly #exceptions: ExceptionStore;

  constructor(
    database: Database,
    stores: {
      node: NodeStore;
      items: ItemStore;
      exceptions: ExceptionStore;
      movements: MovementStore;
      idempotency: IdempotencyStore;
    },
  ) {
    this.directives = new InboxStore(database);
    this.policies = new PolicyStore(database);
    this.tasks = new TaskStore(database);
    this.transfers = new TransferStore(database);
    this.reservations = new ReservationStore(database);
    this.lateFacts = new LateFactStore(database);
    this.#movements = stores.movements;
    this.#idempotency = stores.idempotency;
    this.#node = stores.node;
    this.#items = stores.items;
    this.#exceptions = stores.exceptions;
  }

  inbox(): DownCursor {
    return this.directives.cursor();
  }

  isKept(place: Pick<DownCursor, 'centralEpoch' | 'sequence'>): boolean {
    return this.directives.isKept(place);
  }

  policy(): WarehousePolicy | undefined {
    return this.policies.find();
  }

  skuPolicy(sku: Sku): SkuPolicy | undefined {
    return this.policies.rule(sku);
  }

  task(id: string): Task | undefined {
    return this.tasks.find(id);
  }

  stepDone(task: string, step: TaskStep): string | undefined {
    return this.tasks.step(task, step)?.fingerprint;
  }

  transfer(id: string, from: WarehouseId): Transfer | undefined {
    return this.transfers.find(id, from);
  }

  transfersNamed(id: string): readonly Transfer[] {
    return this.transfers.named(id);
  }

  *movementsOf(sku: Sku, after: number): Generator<Delta> {
    for (const { delta } of this.#movements.ofSkuSince(sku, after)) yield decodeDelta(delta);
  }

  receipt(scope: 'sale' | 'return', document: string): readonly Delta[] | undefined {
    const known = this.#idempotency.find({ scope, key: receiptKeyOf(document) });
    if (known === undefined) return undefined;
    return this.#movements.after(known.firstSequence - 1, known.movementCount).map(({ delta }) => decodeDelta(delta));
  }

  isUncounted(sku: Sku): boolean {
    return this.#exceptions.isOpen('recount', sku);
  }

  warehouse(): WarehouseId {
    return this.#node.identity().warehouse;
  }

  reservation(id: string): Reservation | undefined {
    return this.reservations.find(id);
  }

  /** Inside the ledger's transaction. */
  write(write: DocumentWrite, now: number): void {
    switch (write.document) {
      case 'inbox':
        this.directives.move(write.cursor);
        break;
      case 'refused-directive':
        this.directives.refuse(write.cursor, write.directive, write.reason, now);
        break;
      case 'kept-directive':
        this.directives.carryOutKept(write.place, now);
        break;
      case 'policy':
        this.policies.save(write.policy);
        break;
      case 'sku-policy':
        this.policies.saveRule(write.rule);
        break;
      case 'task':
        this.tasks.save(write.task);
        break;
      case 'task-step':
        this.tasks.saveStep(write, now);
        break;
      case 'item':
        this.#items.upsert(write.item, now);
        this.#exceptions.resolveListed(write.item.sku, now);
        break;
      case 'late-fact':
        this.lateFacts.save(write.late, write.rows, write.receipts, now);
        break;
      case 'transfer':
        this.transfers.save(write.transfer);
        break;
      case 'reservation':
        this.reservations.save(write.reservation);
        break;
      default:
        unreachable(write);
    }
  }
}
