import { join } from 'node:path';
import { ServiceStack } from '@edgestock/shared/runtime/service';
import { median } from '../figure.ts';
import type { IngestOrder, IngestReply } from '../ingest/ingest-process.ts';
import { INGEST_SIZE, QUICK_INGEST_SIZE } from '../ingest.ts';
import { interleaved, type Side } from '../interleaved.ts';
import { startPostgres } from '../peer/postgres-server.ts';
import { Helper } from '../process/helper.ts';
import type { BenchRun } from '../run.ts';

/** Deltas that central's ingest takes durably in a second, by the store that it has. */
export type IngestOfStores = { readonly sqlite: number; readonly postgresql: number; readonly server: string };

/**
 * The same logs into either store, in turns, as N5 measures the first: with all checks, one process that writes, 50,000 positions. The
 * server waits for its disk as SQLite does. Throws `PeerMissing` where there is none.
 */
export async function ingestOfStores({ directory, pace, isQuick }: BenchRun): Promise<IngestOfStores> {
  const services = new ServiceStack();
  try {
    const server = services.add('postgres', await startPostgres(join(directory, 'postgres')));
    const size = isQuick ? QUICK_INGEST_SIZE : INGEST_SIZE;
    const sideOf = (place: IngestOrder['place']): Side => {
      const ingest = services.add(
        place.kind,
        Helper.start<IngestOrder, IngestReply>(new URL('../ingest/ingest-process.ts', import.meta.url)),
      );
      return async () => (await ingest.order({ place, size })).perSecond;
    };
    const [sqlite = [], postgresql = []] = await interleaved(
      [
        sideOf({ kind: 'sqlite', path: join(directory, 'ingest.db') }),
        sideOf({ kind: 'postgresql', url: `postgres://bench@127.0.0.1:${server.port}/postgres` }),
      ],
      // A round is as long as its deltas take. The first two insert every row.
      { ...pace, rounds: 2 * pace.rounds + 1 },
    );
    const rest = (samples: readonly number[]) => median(samples.slice(1));
    return { sqlite: rest(sqlite), postgresql: rest(postgresql), server: server.version };
  } finally {
    await services.stop();
  }
}
