import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Quantities } from '@edgestock/shared/inventory/position';
import type { EnrolRequest } from '@edgestock/shared/protocol/control';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import type { RejoinReply, StateAhead, TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import type { SnapshotManifest, SnapshotReply } from '@edgestock/shared/protocol/snapshot';
import type { Channel } from '../rules/channel.ts';
import type { Enrolment } from '../rules/enrolment.ts';
import type { Heard, NodeRecord } from '../rules/node-record.ts';
import type { SettlementAsked } from '../rules/promise-command.ts';
import type { VerifiedBatch } from '../rules/verified-batch.ts';

/**
 * What central remembers, behind a port with several adapters (SQLite; PostgreSQL). `central-store.contract.ts` holds each
 * adapter to these promises:
 *
 *  - Every write is one transaction, durable when its promise resolves, and without effect when it rejects.
 *  - Every write may be repeated: the second time changes nothing and says so (P9).
 *  - A node's batches take effect in the order of its log, whatever the order and number of calls; its cursor moves in the
 *    transaction that carries their effect (P2).
 *  - Absence is not an error: a SKU nobody has is zero everywhere with revision 0; a warehouse nobody enrolled is `undefined`.
 *  - A read sees one committed state, never half a batch. Two reads may see two states.
 *
 * Times are central's wall clock in milliseconds since 1970 UTC unless a name says otherwise. Methods reject only on
 * operating failures (disk, lock, lost connection): retrying them is safe. What may be only for now rejects with a `StoreFailing`: `StoreFull` for a write that finds no
 * room, `StoreUnavailable` for a server that is away, `StoreReadOnly` for one that takes no writes, `StoreRefused` for one that does not let central in.
 */
export interface CentralStore extends CentralReader {
  /** Makes a node known, or tells why not. Asking again gives the same answer. A refusal leaves no trace. */
  enrol(warehouse: WarehouseId, request: EnrolRequest, now: number): Promise<Enrolment>;

  /**
   * Lets another installation go on for a warehouse, in an epoch of its own that begins at central's cursor, lifts every fence,
   * and tells it anew what it cannot know from its log; or tells why not. Asking again gives the same answer.
   */
  rejoin(warehouse: WarehouseId, request: TakeOverRequest, now: number): Promise<Rejoined>;

  /** The effects of directives up to these are in the nodes' logs as far as they are applied. */
  recordCovered(covered: readonly { readonly warehouse: WarehouseId; readonly sequence: number }[]): Promise<void>;

  /**
   * Applies batches in the order given, all in one transaction; `outcomes[i]` belongs to `batches[i]`, and one batch's
   * outcome never depends on the failure of another. Batches of several nodes may be mixed.
   */
  applyBatches(batches: readonly VerifiedBatch[], now: number): Promise<Applied<BatchOutcome>>;

  /** Takes over the rows that are newer than what is known. No cursor moves; order and repetition do not matter. */
  applyStates(messages: readonly StateMessage[], now: number): Promise<Applied<StatesOutcome>>;

  /**
   * A node whose log begins behind the cursor is about to send a snapshot. What it is told is what central wants next: so one
   * that was interrupted goes on. Central lacks what the node has trimmed, so it was put back: the warehouse is not settled.
   */
  beginSnapshot(
    warehouse: WarehouseId,
    offered: { readonly instance: string; readonly manifest: SnapshotManifest },
    now: number,
  ): Promise<TakenIn>;

  /** Stages a chunk beside the live tables. With the last one the root is recomputed; a wrong one drops all of them. */
  putSnapshotChunk(warehouse: WarehouseId, chunk: OfferedChunk, now: number): Promise<TakenIn>;

  /**
   * Takes over the positions of the next chunk of a whole snapshot; with the last one the cursor stands at its place, and the log
   * kept here begins with it. Positions that it does not name are gone then.
   */
  takeSnapshot(
    warehouse: WarehouseId,
    offered: { readonly instance: string; readonly root: string },
    now: number,
  ): Promise<TakenIn>;

  /**
   * Begins central's next epoch, since it was put back to an earlier state: nothing is promised of any warehouse before it is
   * settled, and the logs down begin anew. Never the same twice for one past. Where the epoch that it was to come after is over, another
   * process was told the same: nothing is done, and the one that has begun is told.
   */
  beginEpoch(beginning: EpochBeginning, now: number): Promise<Applied<never> & EpochBegun>;

  /**
   * A node has taken up the present epoch, and its log stands there: with all of that applied the warehouse is settled. The
   * first word counts; of a settled warehouse it says nothing.
   */
  statePlace(warehouse: WarehouseId, sequence: number, now: number): Promise<Applied<never>>;

  /**
   * Notes when nodes were last heard, and what they said. Of several entries for one node the last counts, whatever its
   * time: central's clock may have been set back meanwhile.
   */
  recordHeard(heard: readonly Heard[]): Promise<void>;

  /**
   * Takes every time that says how old a warehouse is and lies after `now` as `now`. Central's clock was set back, and a node
   * that has been dead since would look fresh until the clock has caught up (P8).
   */
  clampTimes(now: number): Promise<void>;

  /**
   * Counts on at the positions of nodes that have stated a digest, at most so many; false when there is nothing left to count. Until a
   * node's are counted, its digests are `not-yet` compared.
   */
  countPositions(rowsMax: number): Promise<boolean>;

  /** Forgets what was counted: the next digests have all positions read and counted anew. */
  recountPositions(): Promise<void>;

  /** Keeps bytes that nobody could read. The same bytes of the same node are kept once. */
  quarantine(item: QuarantineInput, now: number): Promise<void>;

  close(): Promise<void>;
}

/** The reading half: all that the API needs. Safe to use beside a writer in another thread or process. */
export interface CentralReader {
  /** What may be promised of a SKU, and from where. Absent is zero. */
  availability(sku: Sku, channel: Channel): Promise<SkuAvailability>;

  /** Of that only what shops are told, which is asked for most: of many SKUs from one committed state, in the order asked. */
  stocksOf(skus: readonly Sku[], channel: Channel): Promise<readonly OfferedStock[]>;

  /**
   * Answers that changed after a revision, oldest change first, each SKU once with its latest answer. A reader that goes on
   * from the last revision it got misses nothing. With `skus`, only those (at most 1,000).
   */
  changesAfter(
    revision: number,
    limit: number,
    filter?: { readonly channel?: Channel; readonly skus?: readonly Sku[] },
  ): Promise<readonly AvailabilityChange[]>;

  /** Revision of the latest change; 0 before the first. Never falls. */
  currentRevision(): Promise<number>;

  /** Identity of this life of central: changes when it is restored from a backup. */
  centralEpoch(): Promise<number>;

  /** When the present epoch began, and why; `undefined` for the one that began with the store. */
  epochBegan(): Promise<{ readonly at: number; readonly reason: string } | undefined>;

  /** When this store was copied as a backup, as long as it has not begun another epoch; `undefined` for any other. */
  backedUpAt(): Promise<number | undefined>;

  /**
   * Which store the revisions are of: random, of letters and digits, made with the store, and another after it was restored from
   * a backup. A revision that went out means nothing without it.
   */
  life(): Promise<string>;

  /** Which store this is, of letters and digits: made with it, and the same in every copy, wherever it was moved or restored. */
  storeId(): Promise<string>;

  /** All enrolled nodes, by warehouse id. */
  warehouses(): Promise<readonly NodeRecord[]>;
  warehouse(warehouse: WarehouseId): Promise<NodeRecord | undefined>;

  /** Positions of one warehouse in the order of their SKUs (by code point), after `afterSku` or from the first. */
  positionsOf(
    warehouse: WarehouseId,
    afterSku: Sku | undefined,
    limit: number,
  ): Promise<readonly (PositionRecord & { readonly sku: Sku })[]>;

  /** Warehouses that have suspect positions. Looks at nothing but those. */
  suspectWarehouses(): Promise<readonly WarehouseId[]>;

  /** Suspect SKUs of one warehouse in the order of code points, after `afterSku` or from the first. */
  suspectSkusOf(warehouse: WarehouseId, afterSku: Sku | undefined, limit: number): Promise<readonly Sku[]>;

  /**
   * Movements of one position, latest first, as far as central has the log; `before` (exclusive) pages on from the last
   * sequence seen. Empty when nothing is known.
   */
  history(
    warehouse: WarehouseId,
    sku: Sku,
    options: { readonly before?: number; readonly limit: number },
  ): Promise<readonly HistoryEntry[]>;

  /** What was put aside for a person, latest first. */
  quarantined(options: {
    readonly warehouse?: WarehouseId;
    /** Absent: both. */
    readonly isSettled?: boolean;
    readonly beforeId?: number;
    readonly limit: number;
  }): Promise<readonly QuarantineRecord[]>;

  /** One of them, with its movements as far as they can be read. */
  lateFact(id: number): Promise<LateFact | undefined>;

  /** Raw batches of a node's log that hold what follows a sequence, in order: at least one if there is any, then as the bytes allow. */
  batchesAfter(warehouse: WarehouseId, sequence: number, bytesMax: number): Promise<readonly Uint8Array[]>;
  /** The chain hash at a place of a node's log; `undefined` where central has none. */
  hashAt(warehouse: WarehouseId, sequence: number): Promise<Uint8Array | undefined>;
  /** The snapshot with which the log of a warehouse begins here; `undefined` where it begins with its first movement. */
  snapshotOf(warehouse: WarehouseId): Promise<KeptSnapshot | undefined>;
  /** A chunk of it, as it came. */
  snapshotChunk(warehouse: WarehouseId, index: number): Promise<Uint8Array | undefined>;
  /** States that the life before an epoch had told ahead of its log, after a SKU. */
  statesAhead(warehouse: WarehouseId, epoch: number, after: string, limit: number): Promise<readonly StateAhead[]>;

  stats(): Promise<StoreStats>;
}

/** A rejoin's answer, and what its transaction did. */
export type Rejoined = Omit<Applied<never>, 'outcomes'> & {
  readonly reply: Extract<RejoinReply, { outcome: 'taken-over' | 'refused' }>;
};

/** Bytes of a chunk, and what was said of them. */
export type OfferedChunk = {
  readonly instance: string;
  readonly root: string;
  readonly index: number;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
};

/** What a node is answered that sends a snapshot, and what it came to. */
export type SnapshotStep = {
  readonly reply: SnapshotReply;
  /** `damaged` on its way, and asked for again; `dropped`: it cannot be what its manifest says. */
  readonly event?: 'begun' | 'staged' | 'damaged' | 'dropped' | 'taken';
  /** Where the cursor stands now, once it is taken. */
  readonly cursor?: { readonly sequence: number; readonly hash: Uint8Array };
};

/** The same, and what its transaction did. */
export type TakenIn = SnapshotStep & Omit<Applied<never>, 'outcomes'>;

/** A snapshot with which a log begins. */
export type KeptSnapshot = {
  readonly epoch: number;
  readonly instance: string;
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly rows: number;
  readonly chunks: number;
  readonly root: Uint8Array;
  /** When it was made, by the node's wall clock, and when it was taken, by central's. */
  readonly at: number;
  readonly acceptedAt: number;
};

/** Answers to a batch, in order of precedence: the first that fits is given (docs/protocol.md "The log up"; the rule is `decideBatch`). */
export type BatchOutcome =
  /** Central never issued this epoch to this warehouse. Not kept: the node must enrol, and its log still has it. */
  | { readonly outcome: 'unknown-epoch' }
  /** All of it was applied before. */
  | { readonly outcome: 'duplicate'; readonly appliedUpTo: number; readonly digest?: DigestComparison }
  /** From an earlier life of the node, or from an installation that does not own the warehouse: kept as a late fact. */
  | { readonly outcome: 'late-epoch'; readonly currentEpoch: number }
  /** Another history than the one central knows: the node is fenced from now on, and the batch kept. */
  | { readonly outcome: 'fork'; readonly atSequence: number; readonly reason: string }
  /** The node was fenced before: kept, not applied, until a person decides. */
  | { readonly outcome: 'fenced'; readonly reason: string }
  /** Something before it is missing. Nothing was done; the node should send again from `need`. */
  | { readonly outcome: 'gap'; readonly need: number }
  | {
      readonly outcome: 'applied';
      readonly appliedUpTo: number;
      readonly appliedHash: Uint8Array;
      /** Deltas that could not be applied and went to quarantine. */
      readonly quarantined: number;
      /** Of a batch that states one. */
      readonly digest?: DigestComparison;
    };

/** What the digest of a node says of central's positions of it. */
export type DigestComparison =
  /**
   * They are still counted, or some went ahead of their history: the next digest will tell. `misplaced`: those whose place in the log
   * had rotted, and was made what the log shows.
   */
  | { readonly compared: 'not-yet'; readonly misplaced?: number }
  /** The buckets that differ; none, as it should be. */
  | { readonly compared: 'yes'; readonly differing: readonly number[] };

/** Answers to a state message, in order of precedence. Only `applied` has an effect. */
export type StatesOutcome =
  | { readonly outcome: 'unknown-epoch' }
  | { readonly outcome: 'late-epoch'; readonly currentEpoch: number }
  | { readonly outcome: 'fenced'; readonly reason: string }
  /** Of a message that repairs: how many positions were not what the node says. */
  | { readonly outcome: 'applied'; readonly repaired?: number };

/** Why an epoch begins: `heard` is the highest one that a node has told of. */
export type EpochBeginning = {
  readonly heard: number;
  readonly reason: string;
  /** The epoch that it is to come after; absent = whichever is the present one. */
  readonly after?: number;
};
/** The present epoch, and whether it began with this call. */
export type EpochBegun = { readonly centralEpoch: number; readonly isBegun: boolean };

/** What one transaction did: an outcome for each message or command, the answers it changed, each SKU once, and whom it told. */
export type Applied<Outcome> = {
  readonly outcomes: readonly Outcome[];
  /** In the order of their revisions. */
  readonly changes: readonly ChangeNotice[];
  /** Nodes whose logs down grew, by id. */
  readonly directed: readonly WarehouseId[];
  /** Warehouses that proved that central was put back to an earlier state: it has given them less than they have. Mostly none. */
  readonly ahead: readonly WarehouseId[];
};

/** The answer for one SKU changed, perhaps in each channel; whoever cares reads it again. */
export type ChangeNotice = { readonly sku: Sku; readonly revision: number };

export type AvailabilityChange = ChangeNotice & { readonly channel: Channel; readonly available: number };

export type SkuAvailability = {
  readonly sku: Sku;
  /** Units that the channel may promise: unspent quota of its warehouses less the buffer; never negative. */
  readonly available: number;
  /** Units that the channel keeps unsold. */
  readonly buffer: number;
  /** Rises with every change of any of its positions, and of the channel; 0 when the SKU has never been seen. */
  readonly revision: number;
  /** Every warehouse of the channel that ever had the SKU, by id. Their `available` add up to the one above and the buffer. */
  readonly warehouses: readonly WarehouseShare[];
};

export type WarehouseShare = PositionRecord & {
  /** Units this warehouse adds to the answer: quota that its node granted and central has promised to nobody; never below zero, and none while it is not settled. */
  readonly available: number;
};

/** What an answer to a shop is made of. */
export type OfferedStock = Pick<SkuAvailability, 'sku' | 'available' | 'revision'> & {
  readonly warehouses: readonly Pick<
    WarehouseShare,
    'warehouse' | 'available' | 'onHand' | 'incoming' | 'version' | 'sequence' | 'isSuspect'
  >[];
};

/** Where answers are read, one at a time. */
export interface StockReader {
  availability(sku: Sku, channel: Channel): Promise<OfferedStock>;
}

/** The part of an answer that shops are told. */
export function stockOf({ sku, available, revision, warehouses }: SkuAvailability): OfferedStock {
  const stocks = warehouses.map(({ warehouse, available: units, onHand, incoming, version, sequence, isSuspect }) => ({
    ...{ warehouse, available: units, onHand, incoming, version, sequence, isSuspect },
  }));
  return { sku, available, revision, warehouses: stocks };
}

/** Central's side of a quota: units it ever gave back and ever sent as allocations, and units held by open promises. */
export type CentralTotals = { readonly returned: number; readonly allocatedSent: number; readonly held: number };

/** What central may still promise of a position. */
export function unspentOf({ granted, atCentral }: Pick<PositionRecord, 'granted' | 'atCentral'>): number {
  return granted - atCentral.returned - atCentral.allocatedSent - atCentral.held;
}

/** One position as central knows it. */
export type PositionRecord = Quantities & {
  readonly warehouse: WarehouseId;
  readonly atCentral: CentralTotals;
  /** Units of open transfers on their way there: on no hand, and promised to nobody. */
  readonly incoming: number;
  /** 0 while the node has told nothing of it: then something is on its way there, or could not be read. */
  readonly version: number;
  /** Place in the node's log of the state's last delta; may be ahead of central's cursor while history is catching up. */
  readonly sequence: number;
  /** The node's wall clock at that delta. */
  readonly at: number;
  /** A delta of it could not be applied: the numbers are those from before, until a newer state comes. */
  readonly isSuspect: boolean;
};

export type HistoryEntry =
  | { readonly kind: 'movement'; readonly sequence: number; readonly epoch: number; readonly delta: Delta }
  /** Bytes that this release cannot read; what lies before it can no longer be followed. */
  | { readonly kind: 'opaque'; readonly sequence: number; readonly epoch: number; readonly bytes: Uint8Array };

/** Why something was put aside. */
export type QuarantineReason =
  /** Could not be read three times in the same bytes. */
  | 'opaque'
  /** A batch of an earlier epoch or of another installation. */
  | 'late-fact'
  /** A batch of a fenced node, or the one that got it fenced. */
  | 'fenced'
  /** One delta of a batch that was applied otherwise. */
  | 'delta';

export type QuarantineInput = {
  readonly warehouse: WarehouseId;
  readonly reason: QuarantineReason;
  /** What was wrong, for a person. */
  readonly detail: string;
  readonly bytes: Uint8Array;
  /** Where it claims to stand, as far as that could be read. */
  readonly epoch?: number;
  readonly firstSequence?: number;
  readonly lastSequence?: number;
  readonly sku?: Sku;
};

export type QuarantineRecord = QuarantineInput & {
  readonly id: number;
  readonly at: number;
  /** Absent while it is open. */
  readonly settled?: Settlement;
};

/** What a person made of it. */
export type Settlement = SettlementAsked & {
  readonly at: number;
  /** The last directive of the node's log that tells of it; absent where none does. */
  readonly directive?: number;
};

/** What was put aside, with what it says. */
export type LateFact = {
  readonly record: QuarantineRecord;
  /** `undefined` where the bytes are no batch that can be read. */
  readonly movements: readonly LateFactMovement[] | undefined;
};

export type LateFactMovement = {
  readonly sequence: number;
  /** `undefined` where this release cannot read the bytes. */
  readonly delta: Delta | undefined;
  readonly bytes: Uint8Array;
  /** It is part of the history that central has of the node. */
  readonly isInLog: boolean;
};

/** Cheap enough for every scrape: nothing here counts rows of a large table. */
export type StoreStats = {
  readonly warehouses: number;
  readonly revision: number;
  /** Put aside, and not settled. */
  readonly quarantined: number;
  /** Rows ever written to the log of batches. */
  readonly batches: number;
  /** Absent where a server knows it better. */
  readonly bytes?: number;
};
