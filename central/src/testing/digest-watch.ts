import type { Clock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { DigestWatch } from '../ingest/digest-watch.ts';
import { emptyIngestMetrics, type IngestMetrics } from '../ingest/ingest-metrics.ts';
import type { CentralStore } from '../store/central-store.ts';

/** As the writer's thread has it, with nobody else to wait for. */
export function digestWatchOf(
  store: Pick<CentralStore, 'countPositions' | 'recountPositions'>,
  clock: Clock,
  metrics: IngestMetrics = emptyIngestMetrics(),
): DigestWatch {
  const letOthersIn = async () => undefined;
  return new DigestWatch({ store, metrics, clock, log: silentLog, letOthersIn, onFailed: () => undefined });
}
