import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { type SnapshotReply, type SnapshotRequest, snapshotRequest } from '@edgestock/shared/protocol/snapshot';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { parsedJson } from '@edgestock/shared/runtime/parsed-json';
import type { Applied, CentralStore, TakenIn } from '../store/central-store.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import type { NodeCursors } from './node-cursors.ts';

export type SnapshotDeskOptions = {
  readonly store: CentralStore;
  readonly cursors: NodeCursors;
  readonly metrics: IngestMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Lets those go first who wait for a promise. */
  readonly yieldTurn: () => Promise<void>;
  /** Called after each commit with what it changed. */
  readonly onCommitted: (applied: Omit<Applied<never>, 'outcomes'>) => void;
};

/** Answers nodes whose logs begin behind central's cursor: which piece of a snapshot is wanted next. The node asks; nothing goes on by itself. */
export class SnapshotDesk {
  readonly #options: SnapshotDeskOptions;

  constructor(options: SnapshotDeskOptions) {
    this.#options = options;
  }

  /** `undefined` for a body that is no request: it is left unanswered. */
  async snapshot(subjectWarehouse: string, body: string): Promise<SnapshotReply | undefined> {
    const { log, yieldTurn } = this.#options;
    const warehouse = parseWarehouseId(subjectWarehouse);
    const parsed = snapshotRequest.safeParse(parsedJson(body));
    if (warehouse === undefined || !parsed.success || parsed.data.warehouse !== warehouse) {
      log.warn({ warehouse: subjectWarehouse }, 'malformed snapshot request left unanswered');
      return undefined;
    }
    await yieldTurn();
    const taken = await this.#carryOut(warehouse, parsed.data);
    this.#tell(warehouse, parsed.data, taken);
    return taken.reply;
  }

  #carryOut(warehouse: WarehouseId, request: SnapshotRequest): Promise<TakenIn> {
    const { store, clock } = this.#options;
    const now = clock.now();
    switch (request.ask) {
      case 'begin': {
        const { instance, root, manifest } = request;
        return store.beginSnapshot(warehouse, { instance, manifest: { ...manifest, root } }, now);
      }
      case 'chunk': {
        const { instance, root, index } = request;
        const hash = Buffer.from(request.hash, 'hex');
        const bytes = Buffer.from(request.bytes, 'base64');
        return store.putSnapshotChunk(warehouse, { instance, root, index, hash, bytes }, now);
      }
      case 'take':
        return store.takeSnapshot(warehouse, request, now);
      default:
        return unreachable(request);
    }
  }

  #tell(warehouse: WarehouseId, request: SnapshotRequest, { reply, event, cursor, ...applied }: TakenIn): void {
    const { cursors, metrics, log, onCommitted } = this.#options;
    if (reply.outcome === 'refused') log.warn({ warehouse, ...reply }, 'snapshot refused');
    switch (event) {
      case 'begun': {
        const { sequence, rows, chunks } = request.ask === 'begin' ? request.manifest : {};
        log.warn(
          { warehouse, sequence, rows, chunks, hint: 'nothing is promised of it before that is here' },
          'the log of a node begins behind what central has of it: it sends a snapshot',
        );
        break;
      }
      case 'staged':
        metrics.snapshotChunks += 1;
        break;
      case 'damaged':
      case 'dropped':
        metrics.snapshotsDamaged += 1;
        log.error(
          { warehouse, ...('reason' in reply ? { reason: reply.reason } : {}), hint: DAMAGED_HINT },
          event === 'damaged'
            ? 'a chunk of a snapshot was damaged on its way'
            : 'a snapshot was dropped: it begins anew',
        );
        break;
      case 'taken':
        metrics.snapshotsTaken += 1;
        log.info(
          { warehouse, sequence: cursor?.sequence },
          'the snapshot of a node is taken over: its log goes on from there',
        );
        break;
      case undefined:
        break;
      default:
        unreachable(event);
    }
    if (cursor !== undefined) cursors.advance(warehouse, cursor.sequence, cursor.hash);
    onCommitted(applied);
  }
}

const DAMAGED_HINT = 'if it goes on, look at the disks and the memory of both, and at the line between them';
