import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Context, Hono } from 'hono';
import type { ImportJobs } from '../import/import-jobs.ts';
import type { Rejoined, RestoredKind } from '../ledger/command.ts';
import type { LastUnits } from '../ledger/last-units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ReservationSweeper } from '../ledger/reservation-sweeper.ts';
import type { HttpLimits } from '../limits.ts';
import type { Rejoin } from '../rejoin/rejoin.ts';
import type { ReplicationCounters } from '../replication/counters.ts';
import type { ReplicationStatus } from '../replication/replication-status.ts';

/** A whole check of the database, as the status shows it. No findings: it is sound. */
export type IntegrityTold = {
  /** Ms since 1970 UTC. */
  readonly checkedAt: number;
  readonly durationMs: number;
  readonly findings: readonly string[];
};

/** All that the doors need from the node. */
export type HttpDependencies = {
  readonly ledger: Ledger;
  /** How the node stands with central. */
  readonly status: () => ReplicationStatus;
  /** Why the books may not be the latest there are, and since when (wall time, ms); absent where they always are. */
  readonly restored?: () => { readonly kind: RestoredKind; readonly at: number } | undefined;
  /** Makes the node the one that goes on, with the log that central gives back. Without it a node cannot rejoin. */
  readonly rejoin?: Pick<Rejoin, 'look' | 'begin' | 'status'>;
  /** The last rejoin, and what may be missing from before it; wall times, ms. */
  readonly rejoined?: () => Rejoined | undefined;
  /** What replication has done since the start; read by the metrics. */
  readonly replication: ReplicationCounters;
  /** Without it the node takes no imports. */
  readonly imports?: ImportJobs;
  /** Lets reservations end. Without it those that are over keep their units. */
  readonly sweeper?: ReservationSweeper;
  /** Asks central for units that are missing here. Without it nothing is asked. */
  readonly lastUnits?: LastUnits;
  /** What the last whole check of the database said; `undefined` before the first. Without it nothing is checked. */
  readonly integrity?: () => IntegrityTold | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: HttpLimits;
  /** Release of the program, as the status route tells it. */
  readonly version: string;
  /** Refuses writes without an `Idempotency-Key`, for sites whose clients all send one. */
  readonly isIdempotencyKeyRequired?: boolean;
};

/** What the server adds to a request; absent where a test asks the app directly. */
export type ServerBindings = {
  /** Aborts when the node begins to stop: endless answers end then. */
  readonly stopping?: AbortSignal;
  /** Cuts the connection of this request at once. */
  readonly disconnect?: () => void;
};

export type HttpEnvironment = { Bindings: ServerBindings };
export type HttpApp = Hono<HttpEnvironment>;
export type HttpContext = Context<HttpEnvironment>;
