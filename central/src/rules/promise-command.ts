import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type {
  CatalogueItem,
  SkuPolicy,
  SkuQuantity,
  SkuTotal,
  WarehousePolicy,
} from '@edgestock/shared/protocol/directive';
import type { Channel, ChannelRecord } from './channel.ts';
import type { Order } from './order.ts';
import type { Reservation, Shortage } from './reservation.ts';

/** Makes a retried request the same request (P9). Kept with the effect. */
export type IdempotencyKey = {
  readonly key: string;
  /** Digest of the request: the same key with another body is a mistake, not a retry. */
  readonly fingerprint: string;
};

/**
 * Everything by which central promises, takes back and instructs. Each is one step that holds as a whole or not at all; several
 * may share a transaction, each with its own outcome. Times are central's clock, milliseconds since 1970 UTC.
 */
export type PromiseCommand =
  | {
      readonly command: 'reserve';
      readonly id: string;
      readonly channel: Channel;
      readonly owner: string;
      readonly expiresAt: number;
      /** As it was asked for: what else would be another request under the same id. */
      readonly ttlSeconds: number;
      /** One line for each SKU: the door has summed the demand. */
      readonly lines: readonly SkuQuantity[];
      /** True: takes what there is. False: everything or nothing. */
      readonly isPartial: boolean;
      readonly idempotency?: IdempotencyKey;
    }
  | { readonly command: 'renew'; readonly reservation: string; readonly expiresAt: number }
  | { readonly command: 'release'; readonly reservation: string; readonly reason: string }
  /**
   * The reservation becomes an order of the same id that needs no payment here. Nobody agreed to wait: units that fall short
   * later, and that no warehouse has, are cancelled.
   */
  | { readonly command: 'confirm'; readonly reservation: string }
  | {
      readonly command: 'place-order';
      readonly id: string;
      readonly channel: Channel;
      readonly owner: string;
      readonly lines: readonly SkuQuantity[];
      readonly paymentDueAt: number;
      /** As it was asked for: what else would be another request under the same id. */
      readonly paymentTtlSeconds: number;
      readonly onShortage: 'refuse' | 'cancel' | 'backorder';
      readonly idempotency?: IdempotencyKey;
    }
  | {
      readonly command: 'pay';
      readonly order: string;
      readonly result: 'authorised' | 'failed';
      readonly reference?: string;
    }
  | { readonly command: 'cancel'; readonly order: string; readonly reason: string }
  /** The sweeper: ends what is over, and lets waiting orders go on. Takes at most `limit` of each. */
  | { readonly command: 'sweep'; readonly limit: number }
  /** A node asks for quota back: gives what is not promised. */
  | { readonly command: 'return-quota'; readonly warehouse: WarehouseId; readonly lines: readonly SkuQuantity[] }
  /** An operator has a task given up that its node has and no order: its units go back to what the node may sell. */
  | { readonly command: 'release-unknown-task'; readonly warehouse: WarehouseId; readonly task: string }
  | { readonly command: 'set-policy'; readonly warehouse: WarehouseId; readonly settings: WarehouseSettings }
  | { readonly command: 'set-sku-policy'; readonly warehouse: WarehouseId; readonly rules: readonly SkuPolicy[] }
  | { readonly command: 'set-channel'; readonly record: ChannelRecord }
  | { readonly command: 'set-buffers'; readonly channel: Channel; readonly buffers: readonly SkuBuffer[] }
  | { readonly command: 'upsert-catalogue'; readonly items: readonly CentralItem[] }
  /** A person settles what was put aside: lets its node record what of it is not recorded yet, or lets it be. */
  | { readonly command: 'settle-late-fact'; readonly id: number; readonly settlement: SettlementAsked };

/** Asks for units of a channel. */
export type NewPromise = Extract<PromiseCommand, { readonly command: 'reserve' | 'place-order' }>;

/** Somebody says what becomes of an order. */
export type OrderChange = Extract<PromiseCommand, { readonly command: 'pay' | 'cancel' }>;

/** What central knows of a warehouse beyond its node: what it sends as policy, and what sourcing goes by. */
export type WarehouseSettings = WarehousePolicy & {
  /** Lower ships first. */
  readonly priority: number;
};

/** `buffer` absent: the channel's own again. */
export type SkuBuffer = { readonly sku: Sku; readonly buffer?: number };

/** An item of the one catalogue, and which warehouses it concerns. */
export type CentralItem = CatalogueItem & { readonly warehouses: readonly WarehouseId[] | 'all' };

export type SettlementAsked = {
  readonly as: 'applied' | 'dismissed';
  /** Who decided, and why. */
  readonly by: string;
  readonly why: string;
};

/** What a command came to, in order of precedence. */
export type PromiseOutcome =
  /** The key was used for another request. */
  | { readonly outcome: 'key-reused'; readonly key: string }
  | {
      readonly outcome: 'unknown';
      readonly what: 'reservation' | 'order' | 'channel' | 'warehouse' | 'task' | 'late-fact';
      readonly id: string;
    }
  /** A promise of the other kind has the id, and a reservation becomes an order of its own id; nothing changed. */
  | { readonly outcome: 'id-taken'; readonly by: 'reservation' | 'order'; readonly id: string }
  /** It is past the state in which that could be done; nothing changed. */
  | { readonly outcome: 'too-late'; readonly state: string; readonly why: string }
  /** Not everything can be promised; nothing was. */
  | { readonly outcome: 'insufficient'; readonly shortages: readonly Shortage[] }
  /** `isReplay`: it was done before; this is the first answer, or the state as it is. */
  | {
      readonly outcome: 'reserved';
      readonly reservation: Reservation;
      readonly shortages: readonly Shortage[];
      readonly isReplay: boolean;
    }
  | { readonly outcome: 'reservation'; readonly reservation: Reservation; readonly isReplay: boolean }
  | { readonly outcome: 'order'; readonly order: Order; readonly isReplay: boolean }
  | { readonly outcome: 'returned'; readonly lines: readonly SkuTotal[] }
  | {
      readonly outcome: 'swept';
      readonly expired: number;
      readonly woken: number;
      readonly isMore: boolean;
      /** When the next promise ends or order wakes, as far as the store can tell cheaply. */
      readonly nextAt?: number;
    }
  | { readonly outcome: 'set' }
  /** `isReplay`: it was settled so before, perhaps by somebody else. */
  | { readonly outcome: 'settled'; readonly isReplay: boolean }
  /** It was settled otherwise; nothing changed. */
  | { readonly outcome: 'settled-otherwise'; readonly as: 'applied' | 'dismissed' }
  /** There is nothing in it that its node could record; nothing changed. */
  | { readonly outcome: 'nothing-to-apply'; readonly why: string };
