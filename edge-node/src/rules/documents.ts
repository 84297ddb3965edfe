import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { CatalogueItem, SkuPolicy, WarehousePolicy } from '@edgestock/shared/protocol/directive';
import type { LateMovement, LateReceipt } from './late-fact.ts';
import type { Reservation } from './reservation.ts';
import type { Task, TaskStep } from './task.ts';
import type { Transfer } from './transfer.ts';

/** How far central's log is carried out, and the chain hash there; epoch and sequence 0 before the first directive. */
export type DownCursor = { readonly centralEpoch: number; readonly sequence: number; readonly hash: Uint8Array };

/**
 * What a rule may look up beyond the shelves: the node's documents, as the commands before have left them. Synchronous and
 * without effect, so that a rule stays a function of what is stored; a test hands in maps.
 */
export type Documents = {
  inbox(): DownCursor;
  /** A directive that could not be carried out when it came, and has not been since. */
  isKept(place: Pick<DownCursor, 'centralEpoch' | 'sequence'>): boolean;
  /** `undefined` before central's first policy: until then nothing is granted. */
  policy(): WarehousePolicy | undefined;
  /** What differs from the policy for one SKU. */
  skuPolicy(sku: Sku): SkuPolicy | undefined;
  task(id: string): Task | undefined;
  /** Digest of the request by which a step of a task was done; `undefined` when it was not. */
  stepDone(task: string, step: TaskStep): string | undefined;
  reservation(id: string): Reservation | undefined;
  /** A name is its source's own, so another source may use it, too. */
  transfer(id: string, from: WarehouseId): Transfer | undefined;
  /** Of every source that uses the name, in the order in which they became known here. */
  transfersNamed(id: string): readonly Transfer[];
  /** Movements of a SKU that the log holds after a place, in order. */
  movementsOf(sku: Sku, after: number): Iterable<Delta>;
  /** Movements that a till's receipt led to; `undefined` where none of that name is known. */
  receipt(scope: 'sale' | 'return', document: string): readonly Delta[] | undefined;
  /** After a rejoin nobody knows how many units of the SKU there are, until it is counted. */
  isUncounted(sku: Sku): boolean;
  /** Where this node is. */
  warehouse(): WarehouseId;
};

/** What a decision writes beside its movements, in the same commit. */
export type DocumentWrite =
  | { readonly document: 'inbox'; readonly cursor: DownCursor }
  /** A directive that could not be carried out, as it came. */
  | {
      readonly document: 'refused-directive';
      readonly cursor: DownCursor;
      readonly directive: Uint8Array;
      readonly reason: string;
    }
  /** One that was kept is carried out now. */
  | { readonly document: 'kept-directive'; readonly place: Pick<DownCursor, 'centralEpoch' | 'sequence'> }
  | { readonly document: 'policy'; readonly policy: WarehousePolicy }
  /** Whole; without values the SKU differs no more. */
  | { readonly document: 'sku-policy'; readonly rule: SkuPolicy }
  /** The task as it is now. */
  | { readonly document: 'task'; readonly task: Task }
  /** A step was done: `task` is what its sender is told, now and whenever it asks again. */
  | {
      readonly document: 'task-step';
      readonly task: Task;
      readonly step: TaskStep;
      readonly fingerprint: string;
      readonly actor?: string;
    }
  | { readonly document: 'item'; readonly item: CatalogueItem }
  /** What became of movements of a late fact, and which receipts were among them. */
  | {
      readonly document: 'late-fact';
      readonly late: number;
      readonly rows: readonly LateMovement[];
      readonly receipts: readonly LateReceipt[];
    }
  /** The transfer as this node knows it now. */
  | { readonly document: 'transfer'; readonly transfer: Transfer }
  /** The reservation as it is now. */
  | { readonly document: 'reservation'; readonly reservation: Reservation };
