import { parseSku, type Sku } from '@edgestock/shared/inventory/ids';
import { type LastUnitsRequest, lastUnitsReply } from '@edgestock/shared/protocol/control';
import type { SkuQuantity, SkuTotal } from '@edgestock/shared/protocol/directive';
import { lastUnitsSubject } from '@edgestock/shared/protocol/subjects';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { ReplicationCounters } from './counters.ts';
import type { DirectiveInbox } from './directive-inbox.ts';
import { failureFacts } from './failure-facts.ts';
import { replicationLimits as limits } from './limits.ts';
import { type Link, LinkError } from './link.ts';
import { nextTurn } from './next-turn.ts';
import type { ReplicationLog } from './replication-log.ts';

/** One request to central, gathered while the one before it is under way. */
class Round {
  readonly quantities = new Map<Sku, number>();
  readonly #ended = Promise.withResolvers<boolean>();
  /** Those who still wait for it, and until when the last of them does. */
  waiting = 0;
  untilMs = 0;

  /** True when central has answered and the answer is in the books. */
  get ended(): Promise<boolean> {
    return this.#ended.promise;
  }

  end(isGiven: boolean): void {
    this.#ended.resolve(isGiven);
  }

  takes(sku: Sku): boolean {
    return this.quantities.has(sku) || this.quantities.size < limits.lastUnitsLinesMax;
  }

  add({ sku, quantity }: SkuQuantity): void {
    this.quantities.set(sku, (this.quantities.get(sku) ?? 0) + quantity);
  }
}

/**
 * Asks central to give back quota now, because a buyer stands at this node's counter. Best effort within a budget: the caller
 * decides afterwards on what the books then say. At most one request is under way; what is asked for meanwhile goes in the next.
 */
export class LastUnits {
  readonly #log: ReplicationLog;
  readonly #link: Link;
  readonly #inbox: DirectiveInbox;
  readonly #isLive: () => boolean;
  readonly #clock: Clock;
  readonly #events: Log;
  readonly #counters: ReplicationCounters;
  /** Not begun yet. */
  readonly #rounds: Round[] = [];
  #isRunning = false;

  constructor(options: {
    log: ReplicationLog;
    link: Link;
    inbox: DirectiveInbox;
    isLive: () => boolean;
    clock: Clock;
    events: Log;
    counters: ReplicationCounters;
  }) {
    this.#log = options.log;
    this.#link = options.link;
    this.#inbox = options.inbox;
    this.#isLive = options.isLive;
    this.#clock = options.clock;
    this.#events = options.events;
    this.#counters = options.counters;
  }

  /**
   * Resolves when what central gave is in the books, or it gave nothing, or the budget is over, whichever comes first; at once
   * without a live link. Never rejects: the answer is what the books say afterwards.
   */
  async ask(lines: readonly SkuQuantity[], budgetMs: number = limits.lastUnitsBudgetMs): Promise<void> {
    if (lines.length === 0 || !this.#isLive()) return;
    this.#counters.lastUnits.asked += 1;
    const untilMs = this.#clock.monotonicMs() + budgetMs;
    const rounds = new Set(lines.map((line) => this.#roundOf(line)));
    for (const round of rounds) {
      round.waiting += 1;
      round.untilMs = Math.max(round.untilMs, untilMs);
    }
    void this.#run();
    const ends = await this.#within(Promise.all([...rounds].map(({ ended }) => ended)), budgetMs);
    for (const round of rounds) round.waiting -= 1;
    if (ends === undefined) this.#counters.lastUnits.timedOut += 1;
    else if (ends.includes(true)) this.#counters.lastUnits.given += 1;
  }

  #roundOf(line: SkuQuantity): Round {
    assert(line.quantity > 0, () => `asked for ${line.quantity} units of ${line.sku}`);
    let round = this.#rounds.find((open) => open.takes(line.sku));
    if (round === undefined) {
      round = new Round();
      this.#rounds.push(round);
    }
    round.add(line);
    return round;
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // Whoever asks in this turn asks together.
    await nextTurn();
    for (let round = this.#rounds.shift(); round !== undefined; round = this.#rounds.shift()) {
      // Nobody waits any more: the units would be given back for nobody.
      round.end(round.waiting > 0 && (await this.#request(round)));
    }
    this.#isRunning = false;
  }

  async #request({ quantities, untilMs }: Round): Promise<boolean> {
    const { warehouse, instance } = this.#log.identity();
    const lines = [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
    const request: LastUnitsRequest = { warehouse, instance, lines };
    try {
      const timeoutMs = Math.max(1, untilMs - this.#clock.monotonicMs());
      const answer = lastUnitsReply.safeParse(
        await this.#link.request(lastUnitsSubject(warehouse), request, timeoutMs),
      );
      if (!answer.success) {
        this.#events.warn({ reason: answer.error.message }, "central's answer about last units cannot be read");
        return false;
      }
      const totals = answer.data.lines.flatMap(({ sku, returned }): SkuTotal[] => {
        const asked = parseSku(sku);
        return asked !== undefined && quantities.has(asked) ? [{ sku: asked, total: returned }] : [];
      });
      if (totals.length === 0) return false;
      await this.#inbox.takeBack(totals);
      return true;
    } catch (error) {
      // Whatever central gave back, the directive that follows says the same: nothing is lost but the moment.
      if (error instanceof LinkError) this.#events.debug(failureFacts(error), 'last units not given back');
      else this.#events.error(failureFacts(error), 'units that central gave back cannot be recorded yet');
      return false;
    }
  }

  /** The result, or `undefined` when it takes longer. */
  #within<T>(result: Promise<T>, budgetMs: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(budgetMs, () => resolve(undefined));
      void result.then((value) => {
        cancel();
        resolve(value);
      });
    });
  }
}
