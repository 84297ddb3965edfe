/**
 * The kinds of movement. `code` is the kind on the wire and on disk: append only, never reuse.
 * `change` says how the stated quantity changes on hand: `in` adds it, `out` takes it, `signed` as stated, `none` only relocates.
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
} as const satisfies Record<string, { code: number; change: 'in' | 'out' | 'signed' | 'none' }>;

export type MovementKind = keyof typeof movementKinds;
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
};
