import type { PromiseOutcome } from '../rules/promise-command.ts';

/** Counters of promise commands since the writer's thread started. Plain numbers: they cross threads. */
export type PromiseMetrics = {
  commands: number;
  commits: number;
  /** Sum of the time spent in commits, in milliseconds. */
  commitMs: number;
  /** Commands of callers waiting now. */
  waiting: number;
  reserved: number;
  /** Reservations and orders refused because not everything could be promised. */
  refusedForShortage: number;
  expired: number;
  /** Requests of nodes for their last units, answered and left unanswered. */
  lastUnitsAnswered: number;
  lastUnitsUnanswered: number;
};

export function emptyPromiseMetrics(): PromiseMetrics {
  return {
    commands: 0,
    commits: 0,
    commitMs: 0,
    waiting: 0,
    reserved: 0,
    refusedForShortage: 0,
    expired: 0,
    lastUnitsAnswered: 0,
    lastUnitsUnanswered: 0,
  };
}

export function countOutcomes(metrics: PromiseMetrics, outcomes: readonly PromiseOutcome[]): void {
  metrics.commands += outcomes.length;
  for (const outcome of outcomes) {
    if (outcome.outcome === 'insufficient') metrics.refusedForShortage += 1;
    else if (outcome.outcome === 'reserved' && !outcome.isReplay) metrics.reserved += 1;
    else if (outcome.outcome === 'swept') metrics.expired += outcome.expired;
  }
}
