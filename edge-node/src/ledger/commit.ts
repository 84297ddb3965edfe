import type { Sku } from '@edgestock/shared/inventory/ids';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import { chainHash } from '@edgestock/shared/protocol/chain';
import { decodeDelta, encodeDelta } from '@edgestock/shared/protocol/codec';
import { must } from '@edgestock/shared/runtime/assert';
import type { Command } from '../rules/command.ts';
import { skusOf } from '../rules/command-skus.ts';
import { decide } from '../rules/decide.ts';
import { resolvedBy } from '../rules/exceptions.ts';
import type { Outcome, RecordedAnswer } from '../rules/outcome.ts';
import { placeChanges } from '../rules/place-changes.ts';
import type { Shelf } from '../rules/shelf.ts';
import type { DraftMovement, PastMovement, SiteState } from '../rules/site-state.ts';
import type { EdgeStore } from '../store/edge-store.ts';
import { type RecordedCommand, UNKNOWN_REQUEST } from '../store/idempotency-store.ts';
import type { LogHead } from '../store/node-store.ts';
import { recordedFromDraft, recordedFromRow } from './recorded.ts';
import type { ShelfCache } from './shelf-cache.ts';

/** A shelf before and after a commit. */
export type ShelfChange = { readonly before: Shelf; readonly after: Shelf };

/**
 * One transaction's work: commands are taken in order, each decided on the state that the ones before left, and written as
 * they are decided; the positions they touched are written once at the end, however many commands touched them.
 */
export class Commit {
  readonly #store: EdgeStore;
  readonly #shelves: ShelfCache;
  readonly #now: number;
  readonly #expiryTime: number;
  readonly #loaded = new Map<Sku, Shelf>();
  readonly #current = new Map<Sku, Shelf>();
  #head: LogHead;
  readonly #checkpointSequence: number;
  /** The node's calendar day. UTC: an expiry date has no zone either. */
  readonly #today: string;

  constructor(options: {
    readonly store: EdgeStore;
    readonly shelves: ShelfCache;
    readonly now: number;
    readonly expiryTime: number;
  }) {
    const { store, shelves, now, expiryTime } = options;
    this.#store = store;
    this.#shelves = shelves;
    this.#now = now;
    this.#expiryTime = expiryTime;
    this.#today = new Date(now).toISOString().slice(0, 10);
    this.#head = store.outbox.head();
    this.#checkpointSequence = store.outbox.firstSequence() - 1;
  }

  get head(): LogHead {
    return this.#head;
  }

  /** Decides and writes one command. Outcomes in order of precedence; only `recorded` has written anything. */
  take(command: Command): Outcome {
    const idempotency = 'idempotency' in command ? command.idempotency : undefined;
    const known = idempotency && this.#store.idempotency.find(idempotency);
    if (known !== undefined && idempotency !== undefined) {
      // What came back with a log names the key and not the request: whoever repeats the key means that.
      const isOther = known.fingerprint !== UNKNOWN_REQUEST && known.fingerprint !== idempotency.fingerprint;
      if (isOther) return { outcome: 'key-reused', key: idempotency.key };
      return { outcome: 'duplicate', first: this.#answerOf(known) };
    }
    const stale = this.#staleness(command);
    if (stale !== undefined) return stale;
    const decision = decide(this.#stateFor(command), command);
    if (decision.outcome === 'invalid' || decision.outcome === 'refused') return decision;
    if (decision.outcome === 'done-before') return { outcome: 'duplicate', first: { movements: [], exceptions: [] } };
    const began = this.#head.sequence;
    const movements = decision.drafts.map((draft) => {
      this.#write(draft);
      return recordedFromDraft(draft, this.#now);
    });
    for (const exception of decision.exceptions) this.#store.exceptions.open(exception, this.#now);
    for (const write of decision.writes) {
      this.#store.documents.write(write, this.#now);
      if (write.document === 'inbox') {
        this.#store.documents.directives.mark({ began, sequence: this.#head.sequence }, write.cursor.sequence);
      }
    }
    const answer = { movements, exceptions: decision.exceptions };
    // A command without movements is told again by its document's state.
    if (idempotency !== undefined && movements.length > 0) this.#store.idempotency.save(idempotency, recordOf(answer));
    return { outcome: 'recorded', answer };
  }

  /** Writes what the commands left: each touched position once, and the head of the log. */
  finish(): void {
    for (const [sku, after] of this.#current) {
      const before = must(this.#loaded.get(sku), 'a shelf is loaded before it changes');
      if (after !== before) this.#store.shelves.save(before, after, this.#now);
    }
    this.#store.node.setHead(this.#head, this.#store.outbox.appliedUpTo());
  }

  /** What the transaction makes of the shelves it has looked at, once it is durable; most of them have changed. */
  *changes(): Generator<ShelfChange> {
    for (const [sku, after] of this.#current) {
      yield { before: must(this.#loaded.get(sku), 'a shelf is loaded before it changes'), after };
    }
  }

  #write(draft: DraftMovement): void {
    const { shelf } = draft;
    const { version, sequence, ...state } = shelf.position;
    const delta = encodeDelta({
      kind: movementKinds[draft.kind].code,
      sku: shelf.sku,
      quantity: draft.quantity,
      version,
      previous: draft.previous,
      state,
      at: this.#now,
      line: draft.line,
      details: draft.details,
    });
    const hash = chainHash(this.#head.hash, delta);
    this.#store.movements.append(sequence, shelf.sku, delta, hash);
    this.#head = { sequence, hash };
    const before = this.#shelf(shelf.sku);
    if (!before.isKnown) this.#store.items.noteUnlisted(shelf.sku, this.#now);
    for (const kind of resolvedBy(draft.kind, before, shelf)) {
      this.#store.exceptions.resolve({ kind, sku: shelf.sku, bySequence: sequence }, this.#now);
    }
    this.#current.set(shelf.sku, shelf);
  }

  #shelf(sku: Sku): Shelf {
    const current = this.#current.get(sku);
    if (current !== undefined) return current;
    const loaded = this.#shelves.load(sku);
    this.#loaded.set(sku, loaded);
    this.#current.set(sku, loaded);
    return loaded;
  }

  #stateFor(command: Command): SiteState {
    return {
      shelves: this.#shelvesFor(command),
      headSequence: this.#head.sequence,
      checkpointSequence: this.#checkpointSequence,
      past: command.type === 'count' ? this.#pastOf(command) : [],
      today: this.#today,
      now: this.#now,
      expiryTime: this.#expiryTime,
      documents: this.#store.documents,
    };
  }

  #shelvesFor(command: Command): ReadonlyMap<Sku, Shelf> {
    const shelves = new Map<Sku, Shelf>();
    for (const { sku } of skusOf(command, this.#store.documents)) shelves.set(sku, this.#shelf(sku));
    return shelves;
  }

  /** What happened to the counted SKUs since the places in the log at which they were counted. */
  #pastOf(command: Extract<Command, { type: 'count' }>): readonly PastMovement[] {
    const earliest = new Map<Sku, number>();
    for (const { sku, atSequence } of command.lines) {
      if (atSequence === undefined || atSequence < this.#checkpointSequence) continue;
      earliest.set(sku, Math.min(atSequence, earliest.get(sku) ?? atSequence));
    }
    return [...earliest].flatMap(([sku, sequence]) =>
      this.#store.movements
        .ofSkuSince(sku, sequence)
        .map((row) => ({ sku, sequence: row.sequence, changes: placeChanges(decodeDelta(row.delta)) })),
    );
  }

  #staleness(command: Command): Extract<Outcome, { outcome: 'stale' }> | undefined {
    if (!('ifVersion' in command && 'lines' in command) || command.ifVersion === undefined) return undefined;
    const sku = command.lines[0]?.sku;
    if (sku === undefined) return undefined;
    const current = this.#shelf(sku).position;
    if (current.version === command.ifVersion) return undefined;
    return { outcome: 'stale', sku, expectedVersion: command.ifVersion, current };
  }

  /** P9: the first answer, read back from the movements it named. */
  #answerOf(known: RecordedCommand): RecordedAnswer {
    const rows = this.#store.movements.after(known.firstSequence - 1, known.movementCount);
    return { movements: rows.map(recordedFromRow), exceptions: known.exceptions };
  }
}

function recordOf(answer: RecordedAnswer): Omit<RecordedCommand, 'fingerprint'> {
  const first = must(answer.movements[0], 'a recorded command has at least one movement');
  return { firstSequence: first.sequence, movementCount: answer.movements.length, exceptions: answer.exceptions };
}
