import type { Directive, SkuTotal } from '@edgestock/shared/protocol/directive';
import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { WireError } from '@edgestock/shared/protocol/wire-fields';
import { must } from '@edgestock/shared/runtime/assert';
import type { UnreadableDirective } from '../rules/directive-command.ts';
import type { DownCursor } from '../rules/documents.ts';
import type { EdgeStore } from '../store/edge-store.ts';
import type { CarryOut, Outcome } from './command.ts';
import type { Granter } from './granter.ts';
import type { Ledger } from './ledger.ts';

/** Consecutive directives of central's log, its chain checked up to here. */
export type DirectiveRun = {
  readonly centralEpoch: number;
  readonly firstSequence: number;
  /** As they came, each with the chain hash at its place. */
  readonly directives: readonly Uint8Array[];
  readonly hashes: readonly Uint8Array[];
};

/**
 * Items of the catalogue in one commit: tills wait for it. A run with more is carried out in pieces, a turn each; a page of
 * central's has no more than these.
 */
const ITEMS_PER_COMMIT_MAX = 250;

const KEPT_PAGE = 100;

/** The run does not follow what was carried out before. Nothing of it was; central sends again from the cursor. */
export class DirectiveOutOfOrder extends Error {
  override readonly name = 'DirectiveOutOfOrder';
  readonly retryable = true;
}

/**
 * Where central's directives become the node's own doing. Each is a command of the ledger, its cursor moving in the commit of
 * its effect, so that a crash anywhere leaves both or neither and a repeated directive is known again. Those of a run share
 * commits with one another and with the tills.
 */
export class LedgerInbox {
  readonly #ledger: Ledger;
  readonly #store: EdgeStore;
  readonly #granter: Pick<Granter, 'policyChanged'>;

  constructor(options: { ledger: Ledger; store: EdgeStore; granter: Pick<Granter, 'policyChanged'> }) {
    this.#ledger = options.ledger;
    this.#store = options.store;
    this.#granter = options.granter;
  }

  /** How far central's log is carried out; durable. */
  cursor(): DownCursor {
    return this.#store.documents.inbox();
  }

  /**
   * Carries the run out, in order. Resolves when all of it is durable. Rejects with the first failure, `LedgerUnavailable` or
   * `DirectiveOutOfOrder`: what came before it is carried out and stays so, what comes after is not; repeating the run is safe.
   */
  async carryOut(run: DirectiveRun): Promise<void> {
    const commands = run.directives.map((bytes, index): CarryOut => {
      const hash = must(run.hashes[index], 'a directive comes with the chain hash at its place');
      const place = { centralEpoch: run.centralEpoch, sequence: run.firstSequence + index, hash };
      return { type: 'carry-out', place, bytes, directive: read(bytes) };
    });
    for (const piece of pieces(commands)) await this.#carryOutPiece(piece);
  }

  async #carryOutPiece(commands: readonly CarryOut[]): Promise<void> {
    // All at once, so that they share commits: the ledger takes them in this order, and one that fails holds up the others.
    const settled = await Promise.allSettled(commands.map((command) => this.#ledger.record(command)));
    for (const [index, result] of settled.entries()) {
      if (result.status === 'rejected') throw result.reason;
      assertCarriedOut(result.value);
      const command = commands[index];
      if (command !== undefined && result.value.outcome === 'recorded') this.#tellGranter(command.directive);
    }
  }

  /**
   * Carries out what an older release of this node has kept because it did not know it, where that is good whenever it comes:
   * late facts and transfers, each known again by itself. Promises are not: their units were given up. Tells how many it was.
   */
  async carryOutKept(): Promise<number> {
    const { directives } = this.#store.documents;
    let count = 0;
    let after = { centralEpoch: 0, sequence: 0 };
    for (;;) {
      const page = directives.kept(after, KEPT_PAGE);
      for (const { bytes, ...place } of page) {
        after = place;
        const directive = read(bytes);
        if (directive.kind !== 'late-facts' && directive.kind !== 'transfer') continue;
        const outcome = await this.#ledger.record({ type: 'carry-out-kept', place, directive });
        if (outcome.outcome === 'recorded') count += 1;
      }
      if (page.length < KEPT_PAGE) return count;
    }
  }

  /** Durable when it resolves. Rejects with `LedgerUnavailable`, or when the epoch is over: repeating it is safe. */
  async takeUpEpoch(centralEpoch: number): Promise<void> {
    assertCarriedOut(await this.#ledger.record({ type: 'take-up-epoch', centralEpoch }));
  }

  /** Takes over the totals with which central answered the question for last units; those behind what is known change nothing. */
  async takeBack(totals: readonly SkuTotal[]): Promise<void> {
    await this.#ledger.record({ type: 'take-back', lines: totals });
  }

  #tellGranter(directive: CarryOut['directive']): void {
    if (directive.kind === 'policy') this.#granter.policyChanged();
    if (directive.kind === 'sku-policy') this.#granter.policyChanged(directive.rules.map(({ sku }) => sku));
  }
}

/** Consecutive commands that may share a commit; a page of the catalogue that is larger is one by itself. */
function pieces(commands: readonly CarryOut[]): readonly (readonly CarryOut[])[] {
  const pieces: CarryOut[][] = [];
  let room = 0;
  for (const command of commands) {
    const weight = weightOf(command.directive);
    const piece = weight > room ? undefined : pieces.at(-1);
    if (piece === undefined) {
      pieces.push([command]);
      room = ITEMS_PER_COMMIT_MAX;
    } else piece.push(command);
    room -= weight;
  }
  return pieces;
}

/** In items of the catalogue. Late facts have a commit of their own: each is looked for in the log. */
function weightOf(directive: CarryOut['directive']): number {
  if (directive.kind === 'catalogue-upsert') return directive.items.length;
  return directive.kind === 'late-facts' ? ITEMS_PER_COMMIT_MAX : 0;
}

function read(bytes: Uint8Array): Directive | UnreadableDirective {
  try {
    const why = 'this release does not know its kind: update the node';
    return decodeDirective(bytes) ?? { kind: 'unreadable', why };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { kind: 'unreadable', why: error.message };
  }
}

function assertCarriedOut(outcome: Outcome): void {
  if (outcome.outcome === 'recorded' || outcome.outcome === 'duplicate') return;
  const why = outcome.outcome === 'invalid' ? outcome.problems[0]?.message : outcome.outcome;
  throw new DirectiveOutOfOrder(`central's log cannot be carried out here: ${why}`);
}
