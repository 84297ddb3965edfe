import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { CentralApi } from '../../api/central-api.ts';
import { EdgeApi, type RecordReply } from '../../api/edge-api.ts';
import { remark } from '../../command/answers.ts';
import { percentile, rounded } from '../../measure/distribution.ts';
import type { Mismatch } from '../../model/compare-positions.ts';
import { siteMismatches } from '../../model/site-mismatches.ts';
import { StockModel } from '../../model/stock-model.ts';
import { Gate } from '../../replay/gate.ts';
import type { NodeRequest } from '../../replay/receipt-requests.ts';
import { replay } from '../../replay/replay.ts';
import { sendRequests } from '../../replay/send-requests.ts';
import type { Shop } from '../../replay/shop-flags.ts';
import { anyPorts, type System, startSystem, warehouseIdsOf } from '../../system/start-system.ts';
import { VisibilityProbe } from '../visibility-probe.ts';
import { missingAtCentral, untilConverged } from './convergence.ts';
import { LinkCuts, warehousesToCut } from './link-cuts.ts';
import { openingRequests, stockFromFile } from './opening-stock.ts';
import { surveyOf } from './survey.ts';

export type OnceOptions = {
  readonly dataDirectory: string;
  /** Central's: `sqlite`, or the URL of a PostgreSQL database. */
  readonly store: string;
  readonly transactions: string;
  readonly shop: Shop;
  readonly isSpread: boolean;
  readonly stock?: { readonly path: string; readonly columns: string | undefined };
  /** Share of the links that are cut on the way, 0 to 1. */
  readonly cutShare: number;
  readonly signal: AbortSignal;
};

/** As `--json` prints it; `result-members.ts` says what each member means. */
export type OnceResult = Awaited<ReturnType<Run['replay']>> & {
  readonly warehouses: number;
  readonly linksCut: number;
};

/** Somebody pressed Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode = 130;
  readonly hint = 'Nothing is left running.';
}

const PATIENCE_MS = 60_000;
const CONVERGED_WITHIN_MS = 180_000;
const PROBE_PAUSE_MS = 20;
const COMPARED_AT_ONCE = 8;
const MISMATCHES_SHOWN = 10;
const REMARK_EVERY = 5_000;

/** Replays a real file through a whole system with links cut on the way, and proves the end state. */
export async function demoOnce(options: OnceOptions): Promise<OnceResult> {
  const { shop, transactions, signal } = options;
  const survey = await surveyOf(transactions, shop);
  const cuttable = warehousesToCut(survey.warehouses, options.cutShare);
  const leaving = options.stock
    ? await stockFromFile(options.stock.path, options.stock.columns, {
        warehouses: survey.warehouses,
        isSpread: options.isSpread,
        encoding: shop.encoding,
      })
    : survey.leaving;
  remark(`${survey.receipts} receipts of ${survey.warehouses.length} warehouses; starting them`);
  const system = await startSystem({
    dataDirectory: options.dataDirectory,
    store: options.store,
    warehouses: warehouseIdsOf(survey.warehouses),
    ports: anyPorts,
    logLevel: 'error',
    cuttable: new Set(cuttable),
  });
  try {
    const run = new Run(system, survey.receipts, signal);
    await run.stockUp(openingRequests(leaving));
    const result = await run.replay(transactions, shop);
    return { ...result, warehouses: survey.warehouses.length, linksCut: cuttable.length };
  } finally {
    await system.stop();
  }
}

/** One run against one system: everything that is asked for passes through here and is kept account of. */
class Run {
  readonly #nodes: ReadonlyMap<string, EdgeApi>;
  readonly #central: CentralApi;
  readonly #model = new StockModel();
  readonly #cuts: LinkCuts;
  readonly #probe: VisibilityProbe;
  readonly #signal: AbortSignal;
  readonly #receipts: number;
  readonly #samplesMs: number[] = [];
  #givenUp = 0;

  constructor(system: System, receipts: number, signal: AbortSignal) {
    this.#nodes = new Map(
      system.nodes.map(({ warehouse, url }) => [warehouse, new EdgeApi(url, { patienceMs: PATIENCE_MS })]),
    );
    this.#central = new CentralApi(system.centralUrl);
    this.#cuts = new LinkCuts(system.links, receipts);
    this.#probe = new VisibilityProbe(this.#central, {
      isConnected: (warehouse) => this.#cuts.isConnected(warehouse),
      pauseMs: PROBE_PAUSE_MS,
      onSample: (elapsedMs, isVisible) => {
        this.#samplesMs.push(elapsedMs);
        if (!isVisible) this.#givenUp += 1;
      },
    });
    this.#receipts = receipts;
    this.#signal = signal;
  }

  /** Opening stock, until central has it too: it is not part of what is measured. */
  async stockUp(requests: AsyncIterable<NodeRequest>): Promise<void> {
    await sendRequests(
      requests,
      (warehouse) => this.#node(warehouse),
      (request, reply) => {
        this.#note(request, reply);
        if (reply.reply === 'refused') remark(`opening stock of ${request.warehouse} refused: ${reply.detail}`);
      },
    );
    await this.#converge();
    remark('opening stock is in; replaying');
  }

  async replay(transactions: string, shop: Shop) {
    const result = await replay(transactions, shop, (warehouse) => this.#node(warehouse), {
      onReceipt: (count) => {
        if (this.#signal.aborted) throw new Interrupted('stopped before the end of the file');
        this.#cuts.onReceipt(count);
        if (count % REMARK_EVERY === 0) remark(`${count} of ${this.#receipts} receipts`);
      },
      onReply: (request, reply) => {
        this.#note(request, reply);
        if (reply.reply === 'recorded' && !reply.isRepeated)
          this.#probe.offer({ warehouse: request.warehouse, ...reply });
      },
    });
    this.#cuts.healAll();
    const repliedMs = systemClock.monotonicMs();
    await this.#converge();
    const convergedSeconds = Math.round(systemClock.monotonicMs() - repliedMs) / 1_000;
    await this.#probe.settled();
    const missing = await missingAtCentral(this.#central, this.#model);
    const mismatches = await this.#mismatches();
    for (const mismatch of mismatches.slice(0, MISMATCHES_SHOWN)) remark(`mismatch: ${JSON.stringify(mismatch)}`);
    return {
      ...result,
      skus: this.#model.skuCount,
      positions: this.#model.warehouses.reduce((sum, warehouse) => sum + this.#model.unitsOf(warehouse).size, 0),
      lost: [...missing.values()].reduce((sum, count) => sum + count, 0),
      mismatchedPositions: mismatches.length,
      visibleMsP50: rounded(percentile(this.#samplesMs, 0.5)),
      visibleMsP99: rounded(percentile(this.#samplesMs, 0.99)),
      visibleSamples: this.#samplesMs.length,
      visibleGivenUp: this.#givenUp,
      visibleBy: 'polling GET /v1/availability/{sku} at central',
      receiptsPerSecond: Math.round(result.transactions / Math.max(result.seconds, 0.001)),
      convergedSeconds,
      residentMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    };
  }

  #node(warehouse: string): EdgeApi {
    return must(this.#nodes.get(warehouse), `no node for ${warehouse}`);
  }

  #note(request: NodeRequest, reply: RecordReply): void {
    if (reply.reply === 'recorded') this.#model.apply(request.warehouse, request.changes, reply);
  }

  async #converge(): Promise<void> {
    await untilConverged(this.#central, this.#model, { withinMs: CONVERGED_WITHIN_MS, signal: this.#signal });
    if (this.#signal.aborted) throw new Interrupted('stopped while central was catching up');
  }

  /** Model, node and central about every position of every warehouse. */
  async #mismatches(): Promise<readonly Mismatch[]> {
    const gate = new Gate(COMPARED_AT_ONCE);
    const found = await Promise.all(
      [...this.#nodes].map(async ([warehouse, node]) => {
        await gate.enter();
        try {
          const witnesses = { model: this.#model.unitsOf(warehouse), node, central: this.#central };
          return await siteMismatches(warehouse, witnesses);
        } finally {
          gate.leave();
        }
      }),
    );
    return found.flat();
  }
}
