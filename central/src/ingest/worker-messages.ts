import type { LogLevel } from '@edgestock/shared/runtime/log';
import type { Heard } from '../rules/node-record.ts';
import type { ChangeNotice } from '../store/central-store.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import type { StoreFailure } from './store-writes.ts';
import type { StreamFailure } from './stream-failure.ts';

/** What the ingest thread is started with. */
export type IngestConfig = {
  readonly natsUrls: readonly string[];
  /** File of the store; made if absent. This thread becomes its only writer. */
  readonly databasePath: string;
  readonly logLevel: LogLevel;
  /** How often the broker says "nothing new"; for tests. */
  readonly idleHeartbeatMs?: number;
  /** Bounds of the wait between two attempts to reach the broker; for tests. */
  readonly retryDelayMs?: { readonly min: number; readonly max: number };
};

/** What the ingest thread tells. */
export type FromWorker =
  /** The store exists and is migrated: it can be read. */
  | { readonly type: 'ready' }
  /** After a commit: each SKU once, at its latest revision. */
  | { readonly type: 'changed'; readonly changes: readonly ChangeNotice[] }
  /** The link to the broker came up, or was cut. */
  | { readonly type: 'broker'; readonly isUp: boolean }
  /** The broker began to refuse the stream, or takes it again. */
  | { readonly type: 'stream'; readonly failure: StreamFailure | undefined }
  | { readonly type: 'heard'; readonly heard: readonly Heard[] }
  | { readonly type: 'metrics'; readonly metrics: IngestMetrics; readonly storeFailure?: StoreFailure | undefined };

export type ToWorker = { readonly type: 'stop' };
