import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { LogEnd, Recount, RejoinUnderWay, StateAhead, TakenOver } from '@edgestock/shared/protocol/rejoin';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { flushed, freeName, removed, sidecars } from '@edgestock/shared/sqlite/database-file';
import { ProcessLock } from '@edgestock/shared/sqlite/process-lock';
import type { Command } from '../ledger/command.ts';
import { Commit } from '../ledger/commit.ts';
import { ShelfCache } from '../ledger/shelf-cache.ts';
import { KnownFacts } from '../rules/late-facts.ts';
import type { Levelling, Retell } from '../rules/retell.ts';
import { toldFacts } from '../rules/told-facts.ts';
import { REJOIN_DIRECTORY } from '../store/adopted-books.ts';
import { DATABASE_FILE, LOCK_FILE } from '../store/edge-backup.ts';
import { EdgeStore } from '../store/edge-store.ts';
import { FormerBooks } from '../store/former-books.ts';
import { HIGH_WATER_FILE } from '../store/high-water.ts';
import { readRejoin, removeRejoin, writeRejoin } from './rejoin-file.ts';

/** What came of a rejoin, for the log. */
export type TakenUp = {
  readonly epoch: number;
  readonly applied: number;
  /** Movements recorded of the life that ended, and of what central knew beyond its log. */
  readonly told: number;
  readonly recounts: number;
  /** The books before; absent where there were none. */
  readonly former?: string;
};

type Around = {
  readonly dataDir: string;
  readonly warehouse: WarehouseId;
  readonly clock: Clock;
  readonly random: Random;
};

/** SKUs of one command. */
const SKUS_PER_COMMAND_MAX = 256;

/**
 * Ends a rejoin whose log is taken over whole: in one transaction of the new books it records what only the former ones know,
 * and then the new ones take their place, by name. A crash anywhere leaves either, and is gone on with at the next start.
 * Called before the store is opened; `undefined` when there is nothing to end.
 */
export function takeUp(around: Around): TakenUp | undefined {
  const state = readRejoin(around.dataDir);
  if (state?.taken === undefined || state.statesAhead === undefined) return undefined;
  const { dataDir } = around;
  const lock = ProcessLock.take(join(dataDir, LOCK_FILE));
  try {
    const path = join(dataDir, DATABASE_FILE);
    const staged = join(dataDir, REJOIN_DIRECTORY, DATABASE_FILE);
    const { epoch, applied } = state.taken;
    let told = { told: 0, recounts: 0 };
    let former: string | undefined;
    if (existsSync(staged)) {
      const books = existsSync(path) ? FormerBooks.open(path) : undefined;
      try {
        const { taken, statesAhead } = state;
        const end = books?.head();
        const begun = endOf(around);
        if (begun.epoch !== epoch) {
          // Before it is told: what the former books say later, because the names were refused, is not in it.
          writeRejoin(dataDir, { ...state, toldUpTo: end });
          told = tell(around, { taken, statesAhead, former: books, recount: state.recount });
        } else if (hasGoneOn(state.toldUpTo, end)) {
          takeBackAnew(dataDir, state);
          return undefined;
        } else told = { told: begun.sequence - applied, recounts: 0 };
      } finally {
        books?.close();
      }
      former = swap(path, staged, epoch);
    }
    // It lay beside the new books when they were written, and comes with them.
    const mark = join(dataDir, REJOIN_DIRECTORY, HIGH_WATER_FILE);
    if (existsSync(mark)) renameSync(mark, join(dataDir, HIGH_WATER_FILE));
    rmSync(join(dataDir, REJOIN_DIRECTORY), { recursive: true, force: true });
    removeRejoin(dataDir);
    return { epoch, applied, ...told, ...(former === undefined ? {} : { former }) };
  } finally {
    lock.release();
  }
}

/** How far the new books have come. */
function endOf({ dataDir, ...around }: Around): { readonly epoch: number; readonly sequence: number } {
  const store = EdgeStore.open({ ...around, dataDir: join(dataDir, REJOIN_DIRECTORY) });
  try {
    return { epoch: store.node.identity().epoch, sequence: store.outbox.head().sequence };
  } finally {
    store.close();
  }
}

/** Not where they have their other name already, nor where they were told by a release that did not write this down. */
function hasGoneOn(told: LogEnd | undefined, now: LogEnd | undefined): boolean {
  if (told === undefined || now === undefined) return false;
  return told.sequence !== now.sequence || told.hash !== now.hash;
}

/**
 * The new books were told, did not get their names, and the former ones were gone on with: what was told of them is not all any
 * more. The log is taken back once more, as it was given; central has heard nothing of the new epoch yet.
 */
function takeBackAnew(dataDir: string, { toldUpTo: _, statesAhead: __, ...state }: RejoinUnderWay): void {
  // In this order: without the states it is not taken up, whatever becomes of the directory.
  writeRejoin(dataDir, state);
  rmSync(join(dataDir, REJOIN_DIRECTORY), { recursive: true, force: true });
}

/**
 * The former books keep their log inside, and get a name of their own, which is returned; the new ones get theirs. Throws where
 * the log of the new ones is not in their file: a full disk may take the one and not the other, and a log has no other home.
 */
function swap(path: string, staged: string, epoch: number): string | undefined {
  const left = statSync(`${staged}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (left > 0) throw new Error(`the disk did not take the new books whole: is it full? (${left} bytes are missing)`);
  const former = existsSync(path) ? freeName(`${path}.before-epoch-${epoch}`) : undefined;
  if (former !== undefined) renameSync(path, former);
  for (const suffix of sidecars) removed(`${path}${suffix}`);
  flushed(staged, path);
  return former;
}

type Given = {
  readonly taken: TakenOver;
  readonly statesAhead: readonly StateAhead[];
  readonly former: FormerBooks | undefined;
  /** As the operator wants it. */
  readonly recount: Recount | undefined;
};

/** Once, in one transaction. */
function tell(around: Around, given: Given): { told: number; recounts: number } {
  const { taken, former } = given;
  const store = EdgeStore.open({ ...around, dataDir: join(around.dataDir, REJOIN_DIRECTORY) });
  const carryOver = former && store.carryOverFrom(former.path);
  try {
    const result = { told: 0, recounts: 0 };
    store.transaction(() => {
      const head = store.outbox.head();
      assert(head.sequence === taken.applied, 'the log is taken over whole before it is gone on with');
      const other = {
        head: head.sequence,
        begin: store.outbox.firstSequence() - 1,
        hashAt: (at: number) => store.outbox.hashAt(at),
      };
      const common = former?.commonWith(other) ?? 0;
      carryOver?.run(common);
      // Central cannot know of these: they were recorded without a link, and salvaging left a gap in their place.
      const missing = former?.missingBeyond(common, other) ?? 0;
      const recount = given.recount ?? (missing > 0 ? 'all' : taken.recount);
      // The log that came back names every receipt there ever was; tills begin their numbers anew.
      if (former !== undefined) store.idempotency.forget(former.forgotten);
      store.adopted.settleArrivals();
      store.node.beginLife({ epoch: taken.epoch, firstSequence: head.sequence + 1, now: around.clock.now() });
      store.node.setRejoined({
        epoch: taken.epoch,
        at: around.clock.now(),
        lost: Math.max(taken.lost, missing),
        knownUpTo: taken.window.from,
        takenOverAt: taken.window.to,
        recount,
      });
      const { centralEpoch, sequence: directive, hash } = taken.down;
      if (directive > 0) {
        store.documents.directives.move({ centralEpoch, sequence: directive, hash: Buffer.from(hash, 'hex') });
        store.documents.directives.mark({ began: head.sequence, sequence: head.sequence }, directive);
      }
      const commit = new Commit({
        store,
        shelves: new ShelfCache(store.shelves),
        now: around.clock.now(),
        expiryTime: around.clock.now(),
      });
      for (const command of commandsOf(store, { ...given, recount }, common)) {
        const outcome = commit.take(command);
        if (command.recounts !== undefined) result.recounts += command.recounts.length;
        assert(
          outcome.outcome === 'recorded' || outcome.outcome === 'duplicate',
          () => `what happened is recorded again: ${JSON.stringify(outcome)}`,
        );
      }
      commit.finish();
      for (const shortage of store.adopted.shortages()) store.exceptions.open(shortage, around.clock.now());
      result.told = commit.head.sequence - head.sequence;
    });
    return result;
  } finally {
    carryOver?.close();
    store.close();
  }
}

/** In this order: the documents' units, what happened here, what central knows beyond the log, what nobody knows. */
function* commandsOf(
  store: EdgeStore,
  { taken, statesAhead, former, recount }: Given & { readonly recount: Recount },
  common: number,
): Generator<Retell & Command> {
  yield* pagesOf(levellingsOf(store)).map((levellings) => ({ type: 'retell', levellings }) as const);
  yield* statesTold(store, statesAhead.map(beyondOwn(former, statesAhead, common)), taken.window.to);
  if (former !== undefined) yield* formerTold(store, former, common);
  const recounts = recountsOf(store, recount, statesAhead);
  yield* pagesOf(recounts).map((some) => ({ type: 'retell', recounts: some }) as const);
}

/** Where the last command of the log came in part, or a document cannot be told by it, the position follows the documents. */
function levellingsOf(store: EdgeStore): readonly Levelling[] {
  return store.adopted.skusSetAside().flatMap((sku): Levelling[] => {
    const { reserved, committed } = store.adopted.setAsides(sku);
    const position = store.shelves.position(sku);
    const of = (name: 'reserved' | 'committed', up: Levelling['kind'], down: Levelling['kind']): Levelling[] => {
      const units = (name === 'reserved' ? reserved : committed) - (position?.[name] ?? 0);
      return units === 0 ? [] : [{ kind: units > 0 ? up : down, sku, quantity: Math.abs(units) }];
    };
    return [...of('reserved', 'reserve', 'release'), ...of('committed', 'commit', 'uncommit')];
  });
}

/**
 * A log is one history: where the former books hold the very movement that led to one state, they tell themselves what led to it
 * and to the others before it. Of such a state remains what they lack: the movements that were salvaged from them need not be all.
 */
function beyondOwn(former: FormerBooks | undefined, states: readonly StateAhead[], common: number) {
  const ownUpTo = states.reduce(
    (last, state) => (former?.ledTo(state) === true ? Math.max(last, state.ledToBy?.sequence ?? 0) : last),
    common,
  );
  return (state: StateAhead): StateAhead => {
    const { sku, onHand, ledToBy } = state;
    if (former === undefined || ledToBy === undefined || ledToBy.sequence > ownUpTo) return state;
    return { ...state, onHand: onHand - former.onHandChange(sku as Sku, { after: common, upTo: ledToBy.sequence }) };
  };
}

/**
 * States that the life before told ahead of its log: their goods are the best that is known, and what they had granted is
 * central's (P3), whether or not the movements came.
 */
function* statesTold(store: EdgeStore, states: readonly StateAhead[], at: number): Generator<Retell & Command> {
  for (const page of pagesOf(states)) {
    const facts = page.flatMap(({ sku, onHand }) => {
      const quantity = onHand - (store.shelves.position(sku as Sku)?.onHand ?? 0);
      if (quantity === 0) return [];
      return [{ kind: 'adjust', sku: sku as Sku, quantity, line: 0, details: { reason: 'correction' }, at } as const];
    });
    const levellings = page.flatMap(({ sku, granted }): Levelling[] => {
      const quantity = granted - (store.shelves.position(sku as Sku)?.granted ?? 0);
      return quantity > 0 ? [{ kind: 'grant', sku: sku as Sku, quantity }] : [];
    });
    yield { type: 'retell', facts, levellings };
  }
}

/** What the former books recorded after the last common place, command by command, and what became of documents there. */
function* formerTold(store: EdgeStore, former: FormerBooks, common: number): Generator<Retell & Command> {
  const known = new KnownFacts(store.documents, common);
  const documents = new Set<string>();
  for (const { deltas, idempotency } of former.commandsAfter(common)) {
    // What was applied of this life as a late fact is in the log already.
    const facts = toldFacts(deltas.filter((delta) => known.whyKnown(delta) === undefined));
    for (const { details } of deltas) if (details.document !== undefined) documents.add(details.document);
    if (facts.length === 0) continue;
    // Where the lost life used the key for something else, that keeps it; the facts count all the same.
    const isFree = idempotency !== undefined && store.idempotency.find(idempotency) === undefined;
    yield { type: 'retell', facts, ...(isFree ? { idempotency } : {}) };
  }
  const reservations = [...documents].flatMap((id) => former.reservation(id) ?? []);
  yield* pagesOf(reservations).map((some) => ({ type: 'retell', reservations: some }) as const);
  const transfers = [...documents].flatMap((id) => former.transferFromHere(id) ?? []);
  yield* pagesOf(transfers).map((some) => ({ type: 'retell', transfers: some }) as const);
}

function recountsOf(store: EdgeStore, recount: Recount, states: readonly StateAhead[]): readonly Sku[] {
  if (recount === 'none') return [];
  if (recount === 'moved') return states.map(({ sku }) => sku as Sku);
  const skus: Sku[] = [];
  for (let after = ''; ; after = skus.at(-1) ?? '') {
    const page = store.shelves.page(after, SKUS_PER_COMMAND_MAX);
    skus.push(...page.map(({ sku }) => sku));
    if (page.length < SKUS_PER_COMMAND_MAX) return skus;
  }
}

function pagesOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  const pages: T[][] = [];
  for (let from = 0; from < all.length; from += SKUS_PER_COMMAND_MAX)
    pages.push(all.slice(from, from + SKUS_PER_COMMAND_MAX));
  return pages;
}
