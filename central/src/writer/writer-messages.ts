import type { LogLevel } from '@edgestock/shared/runtime/log';
import type { DownMetrics } from '../directives/down-metrics.ts';
import type { IngestMetrics } from '../ingest/ingest-metrics.ts';
import type { StoreFailure } from '../ingest/store-writes.ts';
import type { StreamFailure } from '../ingest/stream-failure.ts';
import type { PromiseMetrics } from '../orders/promise-metrics.ts';
import type { PromiseFailure } from '../orders/promise-writer.ts';
import type { Heard } from '../rules/node-record.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import type { Role } from '../rules/role.ts';
import type { ChangeNotice } from '../store/central-store.ts';
import type { StorePlace } from '../store/store-place.ts';

/** What the writer's thread is started with. */
export type WriterConfig = {
  readonly natsUrls: readonly string[];
  /** A store that is lost, and whose broker is this one's from now on. */
  readonly insteadOf?: string;
  /** What this process does; absent = everything. */
  readonly roles?: readonly Role[];
  /** A file is made if absent, and this thread becomes its only writer. */
  readonly store: StorePlace;
  /** Which file the place has, where that is known: no life of the thread opens another one than its process has. */
  readonly held?: { readonly device: number; readonly inode: number };
  /** Whether a file is checked when it is opened: after a life that ended with a failure, since the disk may have caused it. */
  readonly isStoreChecked?: boolean;
  readonly logLevel: LogLevel;
  /** How often the broker says "nothing new"; for tests. */
  readonly idleHeartbeatMs?: number;
  /** Bounds of the wait between two attempts to reach the broker; for tests. */
  readonly retryDelayMs?: { readonly min: number; readonly max: number };
};

/** Counters of the current life of the thread. */
export type WriterMetrics = {
  readonly ingest: IngestMetrics;
  readonly promises: PromiseMetrics;
  readonly directives: DownMetrics;
  /** Of the nodes, which this process takes in; absent where it takes in all of them, or none. */
  readonly shards?: readonly number[];
};

/** What the writer's thread tells. */
export type FromWriter =
  /** Central has begun a new epoch by itself: what was told of the life before means nothing any more. */
  | { readonly type: 'epoch-begun' }
  /** The store exists and is migrated: it can be read. */
  | { readonly type: 'ready' }
  /** After a commit: each SKU once, at its latest revision. */
  | { readonly type: 'changed'; readonly changes: readonly ChangeNotice[] }
  /** Answers to promise commands; those of one commit come together, after the changes it made. */
  | { readonly type: 'answers'; readonly answers: readonly PromiseAnswer[] }
  /** The link to the broker came up, or was cut, or could not be made. */
  | { readonly type: 'broker'; readonly isUp: boolean; readonly reason?: string }
  /** The broker began to refuse the stream, or takes it again. */
  | { readonly type: 'stream'; readonly failure: StreamFailure | undefined }
  | { readonly type: 'heard'; readonly heard: readonly Heard[] }
  /** The store began to fail, or no longer does. */
  | { readonly type: 'store'; readonly failure: StoreFailure | undefined }
  | { readonly type: 'metrics'; readonly metrics: WriterMetrics };

export type ToWriter =
  | { readonly type: 'stop' }
  | { readonly type: 'promise'; readonly requests: readonly PromiseRequest[] };

/** `id` is the asker's own and comes back with the answer. */
export type PromiseRequest = { readonly id: number; readonly command: PromiseCommand };
export type PromiseAnswer =
  | { readonly id: number; readonly outcome: PromiseOutcome }
  | { readonly id: number; readonly failure: PromiseFailure; readonly reason: string };
