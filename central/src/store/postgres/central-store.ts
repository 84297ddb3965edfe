import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { Turns } from '@edgestock/shared/runtime/turns';
import type { CentralStore } from '../central-store.ts';
import { StoreDesk } from '../desks/store-desk.ts';
import type { PromiseStore } from '../promise-store.ts';
import { PostgresCentralReader } from './central-reader.ts';
import { postgresTables } from './postgres-tables.ts';
import type { PostgresDatabase } from './session.ts';
import { Transactions } from './transactions.ts';

/** The whole store in a PostgreSQL database that is migrated. Several processes may write to it: see `Transactions`. */
export class PostgresCentralStore extends PostgresCentralReader implements CentralStore, PromiseStore {
  readonly #turns = new Turns();
  readonly #desk: StoreDesk;
  readonly #close: () => Promise<void>;

  constructor(database: PostgresDatabase, parts: { readonly clock: Clock; readonly random: Random }) {
    super(database);
    const transactions = new Transactions(database, parts);
    this.#desk = new StoreDesk(postgresTables(transactions.session, database.reads), {
      turns: this.#turns,
      transaction: (work) => transactions.run(work),
    });
    this.#close = () => database.close();
  }

  enrol: CentralStore['enrol'] = (...asked) => this.#desk.enrol(...asked);
  rejoin: CentralStore['rejoin'] = (...asked) => this.#desk.rejoin(...asked);
  recordCovered: CentralStore['recordCovered'] = (...asked) => this.#desk.recordCovered(...asked);
  applyBatches: CentralStore['applyBatches'] = (...asked) => this.#desk.applyBatches(...asked);
  applyStates: CentralStore['applyStates'] = (...asked) => this.#desk.applyStates(...asked);
  beginSnapshot: CentralStore['beginSnapshot'] = (...asked) => this.#desk.beginSnapshot(...asked);
  putSnapshotChunk: CentralStore['putSnapshotChunk'] = (...asked) => this.#desk.putSnapshotChunk(...asked);
  takeSnapshot: CentralStore['takeSnapshot'] = (...asked) => this.#desk.takeSnapshot(...asked);
  countPositions: CentralStore['countPositions'] = (...asked) => this.#desk.countPositions(...asked);
  recountPositions: CentralStore['recountPositions'] = () => this.#desk.recountPositions();
  beginEpoch: CentralStore['beginEpoch'] = (...asked) => this.#desk.beginEpoch(...asked);
  statePlace: CentralStore['statePlace'] = (...asked) => this.#desk.statePlace(...asked);
  recordHeard: CentralStore['recordHeard'] = (...asked) => this.#desk.recordHeard(...asked);
  clampTimes: CentralStore['clampTimes'] = (...asked) => this.#desk.clampTimes(...asked);
  quarantine: CentralStore['quarantine'] = (...asked) => this.#desk.quarantine(...asked);
  promise: PromiseStore['promise'] = (...asked) => this.#desk.promise(...asked);
  recordCarriedOut: PromiseStore['recordCarriedOut'] = (...asked) => this.#desk.recordCarriedOut(...asked);
  trimDirectives: PromiseStore['trimDirectives'] = (...asked) => this.#desk.trimDirectives(...asked);

  /** After the write that is under way. */
  close(): Promise<void> {
    return this.#turns.take(() => this.#close());
  }
}
