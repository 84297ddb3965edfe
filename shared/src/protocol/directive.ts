import type { Sku, WarehouseId } from '../inventory/ids.ts';
import type { Delta } from './delta.ts';

/**
 * What central asks of a node. Central is the single writer of a node's log of directives, numbered and chained like the
 * node's own; the node carries them out in order, each once, its cursor moving in the commit of their effect. Where the latest
 * wins, a directive carries whole state and never a change, so that repeating or skipping one is harmless.
 */
export type Directive =
  /** Central's promise has become firm: turn quota into committed units, and make a task to pick, pack and ship them. */
  | {
      readonly kind: 'allocate';
      /** Names the work for ever: the allocation's facts come back under it as their document. */
      readonly task: string;
      readonly order: string;
      /** One line for each SKU. */
      readonly lines: readonly SkuQuantity[];
      /** By when it should be shipped, milliseconds since 1970 UTC; absent = no deadline. */
      readonly dueAt?: number;
    }
  /** Give up what is not shipped yet of an allocation, up to these units: the order was cancelled, or is served from elsewhere. */
  | {
      readonly kind: 'release';
      readonly task: string;
      readonly lines: readonly SkuQuantity[];
      readonly reason: string;
    }
  /** Quota comes back: units *ever* given back of each SKU. The largest total counts. */
  | { readonly kind: 'quota-return'; readonly lines: readonly SkuTotal[] }
  /** A hint: buyers want more than the quota holds. The node may grant as much, less, or nothing. */
  | { readonly kind: 'grant-request'; readonly lines: readonly SkuQuantity[]; readonly expiresAt: number }
  /** Items as the catalogue has them now. */
  | { readonly kind: 'catalogue-upsert'; readonly items: readonly CatalogueItem[] }
  /** The whole policy of the node. */
  | { readonly kind: 'policy'; readonly policy: WarehousePolicy }
  /** What differs from the policy for these SKUs, whole; a rule without values lifts the difference. */
  | { readonly kind: 'sku-policy'; readonly rules: readonly SkuPolicy[] }
  /** A transfer that concerns this warehouse as its source or destination, as central knows it now. */
  | { readonly kind: 'transfer'; readonly transfer: TransferState }
  /**
   * What a life of this warehouse did that had ended, or another installation of it, and that a person lets count: record what
   * of it the log does not hold yet. A long one comes in several; repeating one changes nothing.
   */
  | {
      readonly kind: 'late-facts';
      /** Central's number of the late fact. */
      readonly late: number;
      readonly rows: readonly LateRow[];
    };

export type DirectiveKind = Directive['kind'];

/** A movement of a log that is not the one which goes on, as it was recorded there. */
export type LateRow = {
  /** Its place in that log. */
  readonly sequence: number;
  readonly delta: Delta;
};

export type SkuQuantity = { readonly sku: Sku; readonly quantity: number };
export type SkuTotal = { readonly sku: Sku; readonly total: number };

export type CatalogueItem = {
  readonly sku: Sku;
  readonly name?: string;
  /** What scanners read for it, and how many base units one scan means. */
  readonly barcodes: readonly { readonly barcode: string; readonly multiple: number }[];
};

/** What kind of place a warehouse is; its class says how much of its stock central may promise unless policy says otherwise. */
export const warehouseClasses = ['distribution-centre', 'store'] as const;
export type WarehouseClass = (typeof warehouseClasses)[number];

export type WarehousePolicy = {
  readonly class: WarehouseClass;
  /** Of what may be promised, the part granted to central, in percent: 0 to 100. */
  readonly sharePercent: number;
  /** Units of every SKU kept out of every offer. */
  readonly safetyStock: number;
};

export type SkuPolicy = { readonly sku: Sku; readonly sharePercent?: number; readonly safetyStock?: number };

/**
 * Goods on their way from one warehouse to another. Lines carry whole totals, but a directive only those that changed, and a
 * long transfer comes in several: what is left out is as it was.
 */
export type TransferState = {
  readonly transfer: string;
  readonly from: WarehouseId;
  readonly to: WarehouseId;
  /** Totals of each SKU over the life of the transfer. */
  readonly lines: readonly TransferLine[];
  /** Every unit is accounted for: `shipped = received + damaged + lost` in all lines, also those left out here. */
  readonly isClosed: boolean;
};

export type TransferLine = {
  readonly sku: Sku;
  readonly shipped: number;
  /** Of which fit to sell, and not. */
  readonly received: number;
  readonly damaged: number;
  /** Will not come any more; negative where more came than was shipped. */
  readonly lost: number;
};
