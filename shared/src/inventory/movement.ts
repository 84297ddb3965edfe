import type { WarehouseId } from './ids.ts';
import type { Quantities } from './position.ts';

/** How one unit of a movement changes the set-asides of its position. Absent = not at all. */
export type SetAsides = { readonly [Name in Exclude<keyof Quantities, 'onHand' | 'unsellable'>]?: 1 | -1 };

/** What one kind of movement does to its position. */
export type MovementEffect = {
  readonly code: number;
  readonly change: 'in' | 'out' | 'signed' | 'none' | 'aside';
  readonly asides?: SetAsides;
};

/**
 * The kinds of movement. `code` is the kind on the wire and on disk: append only, never reuse.
 * `change` says how the stated quantity changes on hand: `in` adds it, `out` takes it, `signed` as stated, `none` only relocates,
 * `aside` leaves the goods where they are. `asides` says what one unit does to the set-asides: for `out`, one unit that left.
 */
export const movementKinds = {
  receive: { code: 1, change: 'in' },
  sale: { code: 2, change: 'out' },
  return: { code: 3, change: 'in' },
  adjust: { code: 4, change: 'signed' },
  move: { code: 5, change: 'none' },
  scrap: { code: 6, change: 'out' },
  found: { code: 7, change: 'in' },
  count: { code: 8, change: 'signed' },
  /** Set aside before an order is firm, and given up. */
  reserve: { code: 9, change: 'aside', asides: { reserved: 1 } },
  release: { code: 10, change: 'aside', asides: { reserved: -1 } },
  /** Set aside for a firm order of this site or an outgoing transfer, and given up. */
  commit: { code: 11, change: 'aside', asides: { committed: 1 } },
  uncommit: { code: 12, change: 'aside', asides: { committed: -1 } },
  /** Given to central to promise; given back by it; a promise of it became firm here. */
  grant: { code: 13, change: 'aside', asides: { quota: 1, granted: 1 } },
  reclaim: { code: 14, change: 'aside', asides: { quota: -1, returned: 1 } },
  allocate: { code: 15, change: 'aside', asides: { quota: -1, allocated: 1, committed: 1 } },
  /** Committed units left for their buyer. */
  ship: { code: 16, change: 'out', asides: { committed: -1 } },
  'transfer-ship': { code: 17, change: 'out' },
  'transfer-receive': { code: 18, change: 'in' },
  /** Units of a transfer that will not come any more. Said of the transfer; no position changes: they left with its `transfer-ship`. */
  'transfer-lost': { code: 19, change: 'aside', asides: {} },
  /** The level kept out of every offer was raised or, negative, lowered by policy. */
  'safety-stock': { code: 20, change: 'aside', asides: { safetyStock: 1 } },
} as const satisfies Record<string, MovementEffect>;

export type MovementKind = keyof typeof movementKinds;
/** The kinds by which a person or a till states what happened to goods; the others follow from reservations, orders, quotas and transfers. */
export const statedKinds = [
  'receive',
  'sale',
  'return',
  'adjust',
  'move',
  'scrap',
  'found',
] as const satisfies readonly MovementKind[];
export type StatedKind = (typeof statedKinds)[number];
export const movementKindNames = Object.keys(movementKinds) as MovementKind[];

const kindByCode: ReadonlyMap<number, MovementKind> = new Map(
  movementKindNames.map((kind) => [movementKinds[kind].code, kind]),
);

/** The kind of a wire code, or `undefined` for one that this release does not know. */
export function movementKindOf(code: number): MovementKind | undefined {
  return kindByCode.get(code);
}

/** Why stock was adjusted or scrapped: Shopify's reason list and the additions of the field's other systems, in our spelling. */
export const reasons = [
  'correction',
  'count',
  'damaged',
  'donation',
  'expired',
  'found',
  'import',
  'kit-break',
  'kit-build',
  'opening-stock',
  'other',
  'promotion',
  'quality-control',
  'restock',
  'safety-stock',
  'sample',
  'shrinkage',
  'theft',
] as const;
export type Reason = (typeof reasons)[number];

/** Condition of units on hand. Only `sellable` units may be offered. */
export const conditions = ['sellable', 'damaged', 'hold', 'expired'] as const;
export type Condition = (typeof conditions)[number];

export function isSellable(condition: Condition): boolean {
  return condition === 'sellable';
}

/** What a movement says beyond its quantity. Absent fields cost nothing on the wire. */
export type MovementDetails = {
  /** The document that caused it: receipt, purchase order, count sheet. */
  readonly document?: string;
  /** Who did it: a till, a person, a program. */
  readonly actor?: string;
  /** A reason code; required for `adjust`. */
  readonly reason?: string;
  /** Where the units were (or now are, for what comes in). Absent = the default bin. */
  readonly bin?: string;
  readonly lot?: string;
  /** Expiry date of the lot, `YYYY-MM-DD`. */
  readonly expiry?: string;
  /** Condition of the units before. Absent = sellable. */
  readonly condition?: Condition;
  /** For `move`: where the units went, and as what. */
  readonly toBin?: string;
  readonly toCondition?: Condition;
  readonly serials?: readonly string[];
  /** For `count`: what was seen, and the log place at which it was seen. */
  readonly counted?: number;
  readonly atSequence?: number;
  /** When it happened by the reporter's own clock, milliseconds since 1970 UTC, when that differs from the record's time. */
  readonly occurredAt?: number;
  /** For a transfer: the warehouse at its other end. */
  readonly otherWarehouse?: WarehouseId;
};
