import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startEdgeNode } from '@edgestock/edge-node/edge-node';
import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { EdgeApi } from '../api/edge-api.ts';
import { parseColumnMapping } from '../replay/columns.ts';
import { byReceipt } from '../replay/destination.ts';
import { noLines, wholeReceipts } from '../replay/interpretation.ts';
import { type NodeRequest, requestsOf } from '../replay/receipt-requests.ts';
import { readSalesFile } from '../replay/sales-file.ts';
import { sendRequests } from '../replay/send-requests.ts';
import { defaultServices, serviceRule } from '../replay/services.ts';
import { timeReader } from '../replay/timestamp.ts';
import { figureAgainstBound, median } from './figure.ts';
import { saleBody, scatteredSku } from './load/goods.ts';
import type { Bench } from './run.ts';

const BYTES_MAX = 60;
const WAREHOUSE = 'BENCH1' as WarehouseId;
/** From ringing up to recording. */
const RUNG_UP_AGO_MS = 1_500;
const PATIENCE_MS = 10_000;
/** Full batches that are looked at. */
const BATCHES = 8;

/**
 * N6: bytes of a full batch on the wire, divided by its deltas. The sales are real ones where the machine has the file, and go
 * through the node's API, so that every delta says all that a till says: receipt, till, and when it was rung up, which for a
 * till that is online is a moment ago.
 */
export const wireBytes: Bench = async ({ directory, dataDirectory, isQuick }) => {
  const file = dataDirectory && join(dataDirectory, 'pos-grocery-us', 'transactions_w01_w40.csv.gz');
  const isReal = file !== undefined && existsSync(file);
  await recordSales(directory, isReal ? realSales(file) : madeUpSales(), isQuick ? 1 : BATCHES);
  const perDelta = bytesPerDelta(directory);
  return [
    figureAgainstBound(
      {
        id: 'N6',
        what: `wire bytes per delta in a full batch of ${wireLimits.batchDeltasMax}, ${isReal ? 'real grocery receipts' : 'made-up receipts'}`,
        unit: 'bytes',
        notes: [
          `${perDelta.length} full batches, ${Math.min(...perDelta).toFixed(1)} to ${Math.max(...perDelta).toFixed(1)} bytes per delta`,
        ],
      },
      { value: median(perDelta), bound: { atMost: BYTES_MAX } },
    ),
  ];
};

async function recordSales(directory: string, requests: AsyncIterable<NodeRequest>, batches: number): Promise<void> {
  const node = await startEdgeNode(
    {
      warehouse: WAREHOUSE,
      host: '127.0.0.1',
      port: 0,
      dataDirectory: directory,
      natsUrls: ['nats://127.0.0.1:9'],
      logLevel: 'silent',
      isIdempotencyKeyRequired: false,
      retentionMs: Number.MAX_SAFE_INTEGER,
    },
    { log: silentLog },
  );
  try {
    const api = new EdgeApi(node.url, { patienceMs: PATIENCE_MS });
    await sendRequests(
      firstMovements(requests, batches * wireLimits.batchDeltasMax),
      () => api,
      () => undefined,
    );
  } finally {
    await node.stop();
  }
}

async function* firstMovements(requests: AsyncIterable<NodeRequest>, movements: number): AsyncGenerator<NodeRequest> {
  let taken = 0;
  for await (const request of requests) {
    yield request;
    taken += request.changes.length;
    if (taken >= movements) return;
  }
}

async function* realSales(file: string): AsyncGenerator<NodeRequest> {
  const mapping = parseColumnMapping(
    'store=store_id,sku=product_id,quantity=quantity,receipt=basket_id,at=transaction_timestamp',
  );
  const interpretation = {
    isService: serviceRule(defaultServices),
    cancellationPrefix: 'C',
    accountingPrefix: 'A',
    readTime: timeReader(undefined),
    destination: byReceipt([WAREHOUSE]),
  };
  const lines = readSalesFile(file, { mapping, encoding: 'utf8' });
  for await (const receipt of wholeReceipts(lines, interpretation, noLines())) {
    for (const request of requestsOf(receipt)) yield { ...request, body: { ...request.body, occurredAt: momentAgo() } };
  }
}

const momentAgo = () => new Date(systemClock.now() - RUNG_UP_AGO_MS).toISOString();

async function* madeUpSales(): AsyncGenerator<NodeRequest> {
  for (let index = 0; ; index += 1) {
    const sku = scatteredSku(index);
    const body = JSON.parse(saleBody(`R-${index}`, sku)) as object;
    yield {
      warehouse: WAREHOUSE,
      path: '/v1/sales',
      body: { ...body, occurredAt: momentAgo() },
      changes: [{ sku: sku as Sku, units: -1 }],
    };
  }
}

function bytesPerDelta(directory: string): readonly number[] {
  const store = EdgeStore.open({ dataDir: directory, warehouse: WAREHOUSE, clock: systemClock, random: systemRandom });
  try {
    const { batchDeltasMax, batchBytesMax } = wireLimits;
    const sizes: number[] = [];
    for (let after = 0; ; after += batchDeltasMax) {
      const slice = store.outbox.slice(after, { deltasMax: batchDeltasMax, bytesMax: batchBytesMax });
      if (slice === undefined || slice.deltas.length < batchDeltasMax) return sizes;
      const bytes = encodeUpBatch({ ...store.outbox.identity(), epoch: 1, ...slice, schema: SCHEMA_MAX, downAck: 0 });
      sizes.push(bytes.length / batchDeltasMax);
    }
  } finally {
    store.close();
  }
}
