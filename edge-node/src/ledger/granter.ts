import type { Sku } from '@edgestock/shared/inventory/ids';
import { availableOf, type Position } from '@edgestock/shared/inventory/position';
import { termsFor } from '@edgestock/shared/inventory/quota';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { grantOf, mayBeDue } from '../rules/grant.ts';
import type { PolicyLine } from '../rules/policy-command.ts';
import type { EdgeStore } from '../store/edge-store.ts';
import type { ShelfChange } from './commit.ts';
import type { Ledger } from './ledger.ts';
import { LedgerUnavailable, sqliteCode } from './ledger-unavailable.ts';

/**
 * SKUs of one command. A commit is shared with the tills, and 128 grants hold it for about 2 ms; more would be felt there,
 * fewer would only make more commits of a million positions.
 */
const SKUS_PER_COMMAND_MAX = 128;
/** Positions looked at in one turn of the event loop: about 1 ms. */
const POSITIONS_PER_PAGE = 512;
/** SKUs remembered singly while they wait; beyond that all positions are looked at again. About 3 MB. */
const DUE_SKUS_MAX = 16_384;
/** What central has given back is left alone this long, for whoever asked for it; then it is stock like any other. */
export const RETURNED_REST_MS = 2_000;
/** After a commit that the database did not take: in a quiet shop nobody else may write for hours. */
export const RETRY_MS = 5_000;

/**
 * Brings positions in line with central's policy: safety stock at any time, grants while the link is live. It looks at what
 * commits have touched, and at everything when it begins, when it first goes live and when the policy changes; the decision
 * itself is the ledger's, on the state at its commit. One batch to a turn, so that tills go first.
 */
export class Granter implements Service {
  readonly #ledger: Ledger;
  readonly #store: EdgeStore;
  readonly #clock: Clock;
  readonly #unsubscribe: () => void;
  /** SKUs to look at, and whether they have gained stock since they were last. */
  readonly #due = new Map<Sku, boolean>();
  /** New positions, which need their safety stock, link or not. */
  readonly #fresh = new Set<Sku>();
  /** The SKU behind which looking at everything goes on; `undefined` = everything was looked at. */
  #sweepFrom: string | undefined;
  /** SKUs of which units have come back from central, to be looked at when that rests no more. */
  #returned = new Set<Sku>();
  #cancelRest: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;
  /** SKUs that are due and must be counted first: whatever is recorded of one may be its count. */
  readonly #uncounted = new Set<Sku>();
  #isSweptLive = false;
  #hasPolicy: boolean;
  #isLive = false;
  #isStopped = false;
  #running: Promise<void> | undefined;

  constructor(options: { ledger: Ledger; store: EdgeStore; clock: Clock }) {
    this.#clock = options.clock;
    this.#ledger = options.ledger;
    this.#store = options.store;
    this.#hasPolicy = options.store.documents.policy() !== undefined;
    this.#unsubscribe = options.ledger.onCommit((_head, changes) => this.#committed(changes));
    // A crash may have come between a first movement and its safety stock.
    this.#sweep();
  }

  /** Central is heard (true) or no longer (false): grants are made only while they can be told. */
  setLive(isLive: boolean): void {
    if (isLive === this.#isLive) return;
    this.#isLive = isLive;
    // What moved while it was down is remembered: after the first time there is no need to look at everything again.
    if (isLive && !this.#isSweptLive) this.#sweep();
    else this.#wake();
  }

  /** The policy of these SKUs, or the whole of it, is not what it was. */
  policyChanged(skus?: readonly Sku[]): void {
    this.#hasPolicy = this.#store.documents.policy() !== undefined;
    if (skus === undefined) this.#sweep();
    for (const sku of skus ?? []) this.#note(sku, true);
    this.#wake();
  }

  /** Resolves once there is nothing to do at the moment. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRest?.();
    this.#cancelRetry?.();
    this.#unsubscribe();
    await this.idle();
  }

  /** In the turn of every commit: a few comparisons, and nothing at all before the first policy. */
  #committed(changes: readonly ShelfChange[]): void {
    if (!this.#hasPolicy) return;
    for (const { before, after } of changes) {
      if (before === after) continue;
      if (before.position.version === 0) this.#fresh.add(after.sku);
      if (this.#uncounted.delete(after.sku)) this.#note(after.sku, true);
      // Granting it again at once would take it from under the hands of whoever asked for it.
      if (after.position.returned > before.position.returned) {
        this.#rest(after.sku);
        continue;
      }
      const hasGained = availableOf(after.position) > availableOf(before.position);
      if (mayBeDue(after.position, hasGained)) this.#note(after.sku, hasGained);
    }
    this.#wake();
  }

  /** Nobody may have wanted it in the end, and no other commit may ever touch it: it is looked at again. */
  #rest(sku: Sku): void {
    if (this.#returned.size < DUE_SKUS_MAX) this.#returned.add(sku);
    else this.#isSweptLive = false;
    this.#cancelRest ??= this.#clock.after(RETURNED_REST_MS, () => {
      const returned = this.#returned;
      this.#returned = new Set();
      this.#cancelRest = undefined;
      for (const rested of returned) this.#note(rested, true);
      if (this.#isLive && !this.#isSweptLive) this.#sweep();
      this.#wake();
    });
  }

  #note(sku: Sku, hasGained: boolean): void {
    this.#due.set(sku, hasGained || this.#due.get(sku) === true);
    if (this.#due.size <= DUE_SKUS_MAX) return;
    this.#due.clear();
    this.#isSweptLive = false;
    if (this.#isLive) this.#sweep();
  }

  #sweep(): void {
    if (!this.#hasPolicy) return;
    this.#sweepFrom = '';
    this.#isSweptLive = this.#isLive;
    this.#wake();
  }

  #wake(): void {
    if (this.#running !== undefined || this.#isStopped || !this.#hasWork()) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  #hasWork(): boolean {
    return this.#fresh.size > 0 || (this.#isLive && this.#due.size > 0) || this.#sweepFrom !== undefined;
  }

  async #run(): Promise<void> {
    for (;;) {
      // The tills of this turn are ahead of it.
      await nextTurn();
      if (this.#isStopped || !this.#hasWork()) return;
      const sweptFrom = this.#sweepFrom;
      let lines: readonly PolicyLine[] | undefined;
      try {
        lines = this.#nextLines();
        for (let index = 0; index < lines.length; index += SKUS_PER_COMMAND_MAX) {
          const some = lines.slice(index, index + SKUS_PER_COMMAND_MAX);
          await this.#ledger.record({ type: 'apply-policy', lines: some, isLinkUp: this.#isLive });
        }
      } catch (error) {
        if (!(error instanceof LedgerUnavailable) && sqliteCode(error) === undefined) throw error;
        // Nothing is lost: it is tried again with whatever the database takes next, and in a while.
        for (const { sku, hasGained } of lines ?? []) this.#due.set(sku, hasGained);
        // Where not even reading went, it is not known what was taken up: everything is looked at again.
        if (sweptFrom !== undefined || lines === undefined) this.#sweepFrom = lines === undefined ? '' : sweptFrom;
        this.#retryLater();
        return;
      }
    }
  }

  #retryLater(): void {
    if (this.#isStopped) return;
    this.#cancelRetry ??= this.#clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      this.#wake();
    });
  }

  /** What single commits have touched goes before the sweep: there somebody is selling. */
  #nextLines(): readonly PolicyLine[] {
    const touched: PolicyLine[] = [];
    const take = (sku: Sku) => {
      touched.push({ sku, hasGained: this.#due.get(sku) ?? false });
      this.#fresh.delete(sku);
      if (this.#isLive) this.#due.delete(sku);
    };
    for (const sku of this.#fresh) {
      if (touched.length === SKUS_PER_COMMAND_MAX) break;
      take(sku);
    }
    if (this.#isLive) {
      for (const sku of this.#due.keys()) {
        if (touched.length === SKUS_PER_COMMAND_MAX) break;
        take(sku);
      }
    }
    if (touched.length > 0) return touched.filter((line) => this.#isDue(line, this.#ledger.view.position(line.sku)));
    return this.#sweptLines();
  }

  #sweptLines(): readonly PolicyLine[] {
    if (this.#sweepFrom === undefined) return [];
    const rows = this.#store.shelves.page(this.#sweepFrom, POSITIONS_PER_PAGE);
    this.#sweepFrom = rows.length === POSITIONS_PER_PAGE ? rows.at(-1)?.sku : undefined;
    return rows
      .map(({ sku, position }) => ({ line: { sku, hasGained: true }, position }))
      .filter(({ line, position }) => this.#isDue(line, position))
      .map(({ line }) => line);
  }

  /** Whether the command would record anything: most positions are as they should be, and need no place in a commit. */
  #isDue({ sku, hasGained }: PolicyLine, position: Position | undefined): boolean {
    if (position === undefined) return false;
    const { documents } = this.#store;
    const { sharePercent, safetyStock } = termsFor(documents.policy(), documents.skuPolicy(sku));
    if (position.safetyStock !== safetyStock) return true;
    if (grantOf({ position, sharePercent, isLinkUp: this.#isLive, hasGained }) === 0) return false;
    if (!documents.isUncounted(sku)) return true;
    if (this.#uncounted.size < DUE_SKUS_MAX) this.#uncounted.add(sku);
    else this.#isSweptLive = false;
    return false;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
