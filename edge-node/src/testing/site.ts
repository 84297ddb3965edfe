import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSku, parseWarehouseId, type Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import type { Command, MovementLine, Outcome, RecordedAnswer, RecordMovements } from '../ledger/command.ts';
import { Ledger } from '../ledger/ledger.ts';
import { EdgeStore } from '../store/edge-store.ts';

export const sku = (text: string): Sku => must(parseSku(text), `${text} is a SKU`);

/** A node's ledger on a real database in a temporary directory. */
export class TestSite {
  readonly dataDir: string;
  readonly clock: VirtualClock;
  store: EdgeStore;
  ledger: Ledger;
  readonly #log: Log;

  constructor(options: { readonly log?: Log } = {}) {
    this.#log = options.log ?? silentLog;
    this.dataDir = mkdtempSync(join(tmpdir(), 'edgestock-site-'));
    this.clock = new VirtualClock();
    ({ store: this.store, ledger: this.ledger } = this.#open());
  }

  /** Stops and opens again, as a restart does. */
  restart(): void {
    this.store.close();
    ({ store: this.store, ledger: this.ledger } = this.#open());
  }

  /** Records one movement command and insists that it was recorded. */
  async move(
    kind: RecordMovements['kind'],
    lines: readonly MovementLine[],
    rest: Partial<RecordMovements> = {},
  ): Promise<RecordedAnswer> {
    return recorded(await this.ledger.record({ type: 'record', kind, lines, ...rest }));
  }

  async record(command: Command): Promise<RecordedAnswer> {
    return recorded(await this.ledger.record(command));
  }

  onHand(text: string): number {
    return this.ledger.view.position(sku(text))?.onHand ?? 0;
  }

  dispose(): void {
    this.store.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #open() {
    const store = EdgeStore.open({
      dataDir: this.dataDir,
      warehouse: must(parseWarehouseId('BER1'), 'a warehouse id'),
      clock: this.clock,
      random: systemRandom,
    });
    return { store, ledger: new Ledger({ store, clock: this.clock, log: this.#log }) };
  }
}

export function recorded(outcome: Outcome): RecordedAnswer {
  if (outcome.outcome !== 'recorded') throw new Error(`not recorded: ${JSON.stringify(outcome)}`);
  return outcome.answer;
}
