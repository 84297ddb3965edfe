import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';

/** What a document of the node is: each has a life of its own, told by its state. */
export type DocumentKind = 'reservation' | 'task' | 'transfer';

/** Why a promise, or a step of a document, was not made. Nothing was recorded. Facts are never refused (P4). */
export type Refusal =
  | { readonly refusal: 'insufficient'; readonly shortages: readonly Shortage[] }
  | { readonly refusal: 'unknown'; readonly document: DocumentKind; readonly id: string }
  /** Several sources use the name: which one is meant must be said. */
  | {
      readonly refusal: 'ambiguous';
      readonly document: 'transfer';
      readonly id: string;
      readonly sources: readonly WarehouseId[];
    }
  /** Its id belongs to another request. */
  | { readonly refusal: 'other-content'; readonly document: DocumentKind; readonly id: string }
  /** It is past, or not yet in, the state in which that can be done. */
  | {
      readonly refusal: 'wrong-state';
      readonly document: DocumentKind;
      readonly id: string;
      readonly state: string;
      readonly why: string;
    };

export type Shortage = { readonly sku: Sku; readonly requested: number; readonly available: number };
