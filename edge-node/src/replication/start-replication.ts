import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { BrokerCredentials } from '@edgestock/shared/transport/jetstream-connection';
import type { DirectiveInbox } from './directive-inbox.ts';
import { JetStreamLink } from './jetstream-link.ts';
import { replicationLimits } from './limits.ts';
import { type CommitSource, Replication } from './replication.ts';
import type { ReplicationLog } from './replication-log.ts';
import type { Restoration } from './standing.ts';

/**
 * Begins to replicate in the background and returns at once: a node works whether or not there is a broker, and central, yet.
 * `stop()` closes the connection; what was not sent stays in the log.
 */
export function startReplication(options: {
  readonly outbox: ReplicationLog;
  readonly ledger: CommitSource;
  readonly natsUrl: string | readonly string[];
  readonly credentials?: BrokerCredentials;
  /** Bounds of the wait between two attempts to reach the broker, in milliseconds. */
  readonly retryDelayMs?: { readonly min: number; readonly max: number };
  /** How long central's applied history is kept here. */
  readonly retentionMs?: number;
  /** Where central's directives are carried out. */
  readonly inbox?: DirectiveInbox;
  /** The digest of all positions after a place of the log, where it is known. */
  readonly digestAt?: (sequence: number) => Uint8Array | undefined;
  /** Whether the books are known to be the latest there are. */
  readonly restoration?: Restoration;
  readonly clock: Clock;
  readonly random: Random;
  /** Its lines name the warehouse already. */
  readonly log: Log;
}): Replication {
  const { clock, random } = options;
  const { warehouse } = options.outbox.identity();
  const events = options.log.child({ part: 'replication' });
  const link = new JetStreamLink({
    url: options.natsUrl,
    name: `edge ${warehouse}`,
    warehouse,
    inboxPrefix: `_INBOX_${warehouse}`,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    ...(options.retryDelayMs === undefined ? {} : { retryDelayMs: options.retryDelayMs }),
    clock,
    random,
    log: events,
  });
  return new Replication({
    log: options.outbox,
    ledger: options.ledger,
    link,
    clock,
    random,
    events,
    retentionMs: options.retentionMs ?? replicationLimits.retentionMsDefault,
    ...(options.inbox === undefined ? {} : { inbox: options.inbox }),
    ...(options.digestAt === undefined ? {} : { digestAt: options.digestAt }),
    ...(options.restoration === undefined ? {} : { restoration: options.restoration }),
  });
}
