import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateAhead, TakenOver } from '@edgestock/shared/protocol/rejoin';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { flushed, removed, sidecars } from '@edgestock/shared/sqlite/database-file';
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
import { readRejoin, removeRejoin } from './rejoin-file.ts';

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
    let told = { told: 0, recounts: 0 };
    if (existsSync(staged)) {
      const former = existsSync(path) ? FormerBooks.open(path) : undefined;
      try {
        told = tell(around, { taken: state.taken, statesAhead: state.statesAhead, former });
      } finally {
        former?.close();
      }
      swap(path, staged, state.taken.epoch);
    }
    // It lay beside the new books when they were written, and comes with them.
    const mark = join(dataDir, REJOIN_DIRECTORY, HIGH_WATER_FILE);
    if (existsSync(mark)) renameSync(mark, join(dataDir, HIGH_WATER_FILE));
    rmSync(join(dataDir, REJOIN_DIRECTORY), { recursive: true, force: true });
    removeRejoin(dataDir);
    const { epoch, applied } = state.taken;
    const kept = keptName(path, epoch);
    return { epoch, applied, ...told, ...(existsSync(kept) ? { former: kept } : {}) };
  } finally {
    lock.release();
  }
}

/** The former books keep their log inside, and get a name of their own; the new ones get theirs. */
function swap(path: string, staged: string, epoch: number): void {
  if (existsSync(path)) renameSync(path, keptName(path, epoch));
  for (const suffix of sidecars) removed(`${path}${suffix}`);
  flushed(staged, path);
}

function keptName(path: string, epoch: number): string {
  return `${path}.before-epoch-${epoch}`;
}

type Given = {
  readonly taken: TakenOver;
  readonly statesAhead: readonly StateAhead[];
  readonly former: FormerBooks | undefined;
};

/** Once: where the new epoch has begun already, a crash came between this and the names. */
function tell(around: Around, { taken, statesAhead, former }: Given): { told: number; recounts: number } {
  const store = EdgeStore.open({ ...around, dataDir: join(around.dataDir, REJOIN_DIRECTORY) });
  const carryOver = former && store.carryOverFrom(former.path);
  try {
    const { epoch, sequence } = { ...store.node.identity(), ...store.outbox.head() };
    if (epoch === taken.epoch) return { told: sequence - taken.applied, recounts: 0 };
    const result = { told: 0, recounts: 0 };
    store.transaction(() => {
      const head = store.outbox.head();
      assert(head.sequence === taken.applied, 'the log is taken over whole before it is gone on with');
      const common =
        former?.commonWith((at) => store.outbox.hashAt(at), {
          head: head.sequence,
          begin: store.outbox.firstSequence() - 1,
        }) ?? 0;
      carryOver?.run(common);
      store.adopted.settleArrivals();
      store.node.beginLife({ epoch: taken.epoch, firstSequence: head.sequence + 1, now: around.clock.now() });
      store.node.setRejoined({
        epoch: taken.epoch,
        at: around.clock.now(),
        lost: taken.lost,
        knownUpTo: taken.window.from,
        takenOverAt: taken.window.to,
        recount: taken.recount,
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
      for (const command of commandsOf(store, { taken, statesAhead, former }, common)) {
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
  { taken, statesAhead, former }: Given,
  common: number,
): Generator<Retell & Command> {
  yield* pagesOf(levellingsOf(store)).map((levellings) => ({ type: 'retell', levellings }) as const);
  yield* statesTold(store, statesAhead, { at: taken.window.to, own: ownStates(former, common, statesAhead) });
  if (former !== undefined) yield* formerTold(former, common, new KnownFacts(store.documents));
  const recounts = recountsOf(store, taken, statesAhead);
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
 * States that the life before told ahead of its log: their goods are the best that is known, and what they had granted is
 * central's (P3), whether or not the movements came. Of those that the former books come to themselves the movements are told.
 */
function* statesTold(
  store: EdgeStore,
  states: readonly StateAhead[],
  { at, own }: { readonly at: number; readonly own: ReadonlySet<string> },
): Generator<Retell & Command> {
  for (const page of pagesOf(states)) {
    const facts = page.flatMap(({ sku, onHand }) => {
      if (own.has(sku)) return [];
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

/**
 * SKUs of states that are the former books' own: these were not restored, and their log comes to that very state. Then what led to
 * it is told movement by movement, and must not be told as a sum before that.
 */
function ownStates(
  former: FormerBooks | undefined,
  common: number,
  states: readonly StateAhead[],
): ReadonlySet<string> {
  const own = new Set<string>();
  if (former === undefined || states.length === 0 || former.isRestored) return own;
  const ahead = new Map<string, StateAhead>(states.map((state) => [state.sku, state]));
  for (const { deltas } of former.commandsAfter(common)) {
    for (const { sku, state } of deltas) {
      const told = ahead.get(sku);
      const isSame = (['onHand', 'unsellable', 'granted'] as const).every((name) => told?.[name] === state[name]);
      if (isSame) own.add(sku);
    }
  }
  return own;
}

/** What the former books recorded after the last common place, command by command, and what became of documents there. */
function* formerTold(former: FormerBooks, common: number, known: KnownFacts): Generator<Retell & Command> {
  const documents = new Set<string>();
  for (const { deltas, idempotency } of former.commandsAfter(common)) {
    // What was applied of this life as a late fact is in the log already.
    const facts = toldFacts(deltas.filter((delta) => known.whyKnown(delta) === undefined));
    for (const { details } of deltas) if (details.document !== undefined) documents.add(details.document);
    if (facts.length > 0) yield { type: 'retell', facts, ...(idempotency === undefined ? {} : { idempotency }) };
  }
  const reservations = [...documents].flatMap((id) => former.reservation(id) ?? []);
  yield* pagesOf(reservations).map((some) => ({ type: 'retell', reservations: some }) as const);
  const transfers = [...documents].flatMap((id) => former.transferFromHere(id) ?? []);
  yield* pagesOf(transfers).map((some) => ({ type: 'retell', transfers: some }) as const);
}

function recountsOf(store: EdgeStore, { recount }: TakenOver, states: readonly StateAhead[]): readonly Sku[] {
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
