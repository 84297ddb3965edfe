import type { LastUnitsCall } from '../../ledger/last-units.ts';
import { NodeMetrics, type NodeReadings } from '../../metrics.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import type { EventStreams } from './event-streams.ts';

/** `GET /metrics`: the Prometheus page. */
export function metricsDoors(metrics: NodeMetrics): readonly Door[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      route: 'metrics',
      answer: async () => new Response(await metrics.page(), { headers: { 'content-type': metrics.contentType } }),
    },
  ];
}

/** What counts beside the ledger and replication. */
type Counting = { readonly streams: EventStreams; readonly lastUnits: LastUnitsCall };

export function nodeMetrics(deps: HttpDependencies, counting: Counting): NodeMetrics {
  return new NodeMetrics({
    warehouse: deps.ledger.view.log().warehouse,
    read: () => readingsOf(deps, counting),
  });
}

function readingsOf(
  { ledger, status, restored, replication: sent, sweeper, integrity }: HttpDependencies,
  { streams, lastUnits }: Counting,
): NodeReadings {
  const { counters } = ledger;
  const log = ledger.view.log();
  const replication = status();
  return {
    log_sequence: log.sequence,
    log_sent_sequence: replication.sent,
    log_applied_sequence: replication.applied,
    log_backlog: log.sequence - replication.applied,
    link_up: replication.link === 'connected' ? 1 : 0,
    writes_failing: ledger.writesFailing === undefined ? 0 : 1,
    database_damaged: (integrity?.()?.findings.length ?? 0) > 0 ? 1 : 0,
    restored: restored?.() === undefined ? 0 : 1,
    exceptions_open: log.openExceptions,
    tasks_open: ledger.tasks.openCount(),
    transfers_open: ledger.transfers.openCount(),
    quota_units: ledger.quotaUnits(),
    database_bytes: log.databaseBytes,
    process_resident_bytes: process.memoryUsage.rss(),
    reservations_open: log.openReservations,
    reservations_expired_total: sweeper?.expiredCount ?? 0,
    last_unit_asks_total: lastUnits.askCount,
    wall_clock_ahead_seconds: ledger.expiry.wallAheadMs() / 1_000,
    event_streams: streams.openCount,
    event_streams_dropped_total: streams.droppedCount,
    replication_batches_sent_total: sent.batchesSent,
    replication_bytes_sent_total: sent.bytesSent,
    replication_digests_stated_total: sent.digestsStated,
    replication_buckets_repaired_total: sent.bucketsRepaired,
    replication_snapshot_chunks_total: sent.snapshotChunksSent,
    replication_snapshots_total: sent.snapshotsTaken,
    replication_rewinds_total: Object.values(sent.rewinds).reduce((sum, times) => sum + times, 0),
    replication_rewinds_central_behind_total: sent.rewinds['central-behind'],
    replication_rewinds_need_total: sent.rewinds.need,
    replication_rewinds_stall_total: sent.rewinds.stall,
    replication_rewinds_publish_failed_total: sent.rewinds['publish-failed'],
    replication_publish_failures_total: sent.publishFailures,
    replication_heartbeats_missed_total: sent.heartbeatsMissed,
    replication_trimmed_deltas_total: sent.trimmedDeltas,
    down_sequence: replication.down.sequence,
    replication_directives_carried_out_total: sent.directivesCarriedOut,
    replication_down_gaps_total: sent.downGaps,
    replication_down_refused_total: sent.downRefused,
    last_units_asked_total: sent.lastUnits.asked,
    last_units_given_total: sent.lastUnits.given,
    last_units_timed_out_total: sent.lastUnits.timedOut,
    ledger_commits_total: counters.commits,
    ledger_commands_total: counters.commands,
    ledger_movements_total: counters.movements,
    ledger_failed_commits_total: counters.failedCommits,
    ledger_commit_seconds_total: counters.commitMsTotal / 1_000,
  };
}
