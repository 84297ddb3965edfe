import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSku, parseWarehouseId, type Sku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import type { Command, MovementLine, Outcome, RecordedAnswer, RecordMovements } from '../ledger/command.ts';
import { LedgerInbox } from '../ledger/directive-inbox.ts';
import { Granter } from '../ledger/granter.ts';
import { Ledger } from '../ledger/ledger.ts';
import { ReservationSweeper } from '../ledger/reservation-sweeper.ts';
import { EdgeStore } from '../store/edge-store.ts';
import { CentralLog } from './central-log.ts';

export const sku = (text: string): Sku => must(parseSku(text), `${text} is a SKU`);

/** A node's ledger on a real database in a temporary directory. */
export class TestSite {
  readonly dataDir: string;
  readonly clock: VirtualClock;
  /** What central has asked of it; `direct` appends and carries out. */
  readonly central = new CentralLog();
  store: EdgeStore;
  ledger: Ledger;
  /** Not started: a test sweeps, or starts it. */
  sweeper: ReservationSweeper;
  granter: Granter;
  inbox: LedgerInbox;
  readonly #warehouse: WarehouseId;
  readonly #log: Log;

  constructor(options: { readonly log?: Log; readonly warehouse?: string } = {}) {
    this.#warehouse = must(parseWarehouseId(options.warehouse ?? 'BER1'), 'a warehouse id');
    this.#log = options.log ?? silentLog;
    this.dataDir = mkdtempSync(join(tmpdir(), 'edgestock-site-'));
    this.clock = new VirtualClock();
    ({
      store: this.store,
      ledger: this.ledger,
      granter: this.granter,
      inbox: this.inbox,
      sweeper: this.sweeper,
    } = this.#open());
  }

  /** Stops and opens again, as a restart does; something may be done to its files in between. */
  restart(whileDown: () => void = () => undefined): void {
    void this.sweeper.stop();
    void this.granter.stop();
    this.store.close();
    whileDown();
    ({
      store: this.store,
      ledger: this.ledger,
      granter: this.granter,
      inbox: this.inbox,
      sweeper: this.sweeper,
    } = this.#open());
  }

  /** Has central say these directives, and carries them out. */
  async direct(...directives: readonly (Directive | Uint8Array)[]): Promise<void> {
    const first = this.central.sequence + 1;
    this.central.append(...directives);
    await this.inbox.carryOut(this.central.run(first));
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
    return this.position(text).onHand;
  }

  position(text: string): Position {
    return this.ledger.view.position(sku(text)) ?? emptyPosition;
  }

  dispose(): void {
    void this.sweeper.stop();
    void this.granter.stop();
    this.store.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #open() {
    const store = EdgeStore.open({
      dataDir: this.dataDir,
      warehouse: this.#warehouse,
      clock: this.clock,
      random: systemRandom,
    });
    const ledger = new Ledger({ store, clock: this.clock, log: this.#log });
    const { clock } = this;
    const sweeper = new ReservationSweeper({ ledger, store: store.documents.reservations, clock, log: silentLog });
    const granter = new Granter({ ledger, store, clock });
    return { store, ledger, granter, inbox: new LedgerInbox({ ledger, store, granter }), sweeper };
  }
}

export function recorded(outcome: Outcome): RecordedAnswer {
  if (outcome.outcome !== 'recorded') throw new Error(`not recorded: ${JSON.stringify(outcome)}`);
  return outcome.answer;
}
