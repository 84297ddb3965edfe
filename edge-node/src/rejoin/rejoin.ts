import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeUpBatch, WireError } from '@edgestock/shared/protocol/codec';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import {
  type KnownAtCentral,
  type LogBeginning,
  type Recount,
  type RejoinReply,
  type RejoinRequest,
  type RejoinUnderWay,
  rejoinReply,
  type StateAhead,
  type TakenOver,
} from '@edgestock/shared/protocol/rejoin';
import { chunkHash, snapshotRoot } from '@edgestock/shared/protocol/snapshot';
import { decodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import { rejoinSubject } from '@edgestock/shared/protocol/subjects';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { AdoptedBooks, BrokenLog, REJOIN_DIRECTORY } from '../store/adopted-books.ts';
import { readRejoin, removeRejoin, writeRejoin } from './rejoin-file.ts';

/** Central has said no, or its answer cannot be used. Nothing was changed here. */
export class RejoinRefused extends OperatingFailure {
  override readonly name = 'RejoinRefused';
}

/** Central does not answer at the moment. */
export class CentralUnheard extends Error {
  override readonly name = 'CentralUnheard';
  readonly hint = 'Is the broker reached, and central running? Ask again when it is.';
}

/** What central knows, and how many movements of the books in use are in nobody's log any more, at the most. */
export type Looked = KnownAtCentral & { readonly missing: number };

/** How far a rejoin has got. */
export type RejoinStatus =
  | { readonly phase: 'asking' }
  | { readonly phase: 'taking-back'; readonly epoch: number; readonly sequence: number; readonly of: number }
  /** The node is about to begin anew with what it has taken back. */
  | { readonly phase: 'ready'; readonly epoch: number }
  /** Given up: sales go on in the books that were in use. */
  | { readonly phase: 'failed'; readonly reason: string; readonly hint: string };

export type RejoinOptions = {
  readonly dataDir: string;
  readonly log: {
    identity(): LogIdentity;
    head(): { readonly sequence: number; readonly hash: Uint8Array };
    hashAt(sequence: number): Uint8Array | undefined;
    firstSequence(): number;
    missingBeyond(end: { readonly sequence: number; readonly hash: Uint8Array }, isPrefix: boolean | undefined): number;
  };
  readonly request: (subject: string, body: unknown, timeoutMs: number) => Promise<unknown>;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Log;
  /** Everything is taken back: the node stops, and begins anew with it. */
  readonly onReady: () => void;
  /** Why the last one could not be ended. */
  readonly failure?: Error | undefined;
};

/** Rows of a snapshot in one commit of the new books. */
const ROWS_PER_COMMIT = 100;
const REQUEST_TIMEOUT_MS = 10_000;
const START_ANEW = 'Nothing was changed here, and sales go on. Look again, and rejoin anew.';

/**
 * Makes this node the one that goes on for its warehouse, when it was restored, cloned or rebuilt: central decides, and gives
 * back the log it has. It is taken over beside the books in use, which go on meanwhile; each step is written down, so that a
 * crash, or a link that is cut, costs the time and nothing else.
 */
export class Rejoin implements Service {
  readonly #options: RejoinOptions;
  readonly #stopping = new AbortController();
  #status: RejoinStatus | undefined;
  #running: Promise<void> | undefined;

  constructor(options: RejoinOptions) {
    this.#options = options;
    const { failure } = options;
    if (failure !== undefined) this.#fail(failure.message, START_ANEW);
  }

  /** Goes on with one that a stop or a crash has interrupted. */
  resume(): void {
    if (this.#status?.phase !== 'failed' && readRejoin(this.#options.dataDir) !== undefined) this.#start();
  }

  status(): RejoinStatus | undefined {
    return this.#status;
  }

  /** What central knows of this warehouse; changes nothing. Throws `RejoinRefused` or `CentralUnheard`. */
  async look(): Promise<Looked> {
    const { log } = this.#options;
    const { instance } = log.identity();
    const reply = await this.#ask({ ask: 'look', warehouse: this.#warehouse, instance, place: this.#place() });
    if (reply.outcome !== 'known') throw refusedBy(reply);
    const end = { sequence: reply.applied, hash: Buffer.from(reply.hash, 'hex') };
    return { ...reply, missing: log.missingBeyond(end, reply.isPrefix) };
  }

  /** Begins one; `sawEpoch` is the epoch that `look` has shown. One that is under way goes on as it is. */
  begin({ sawEpoch, recount }: { readonly sawEpoch: number; readonly recount?: Recount | undefined }): RejoinStatus {
    // Also one that is through, while the node is still stopping to take it up.
    if (this.#running !== undefined || this.#status?.phase === 'ready') return this.#status ?? { phase: 'asking' };
    const { dataDir, random, clock } = this.#options;
    rmSync(join(dataDir, REJOIN_DIRECTORY), { recursive: true, force: true });
    const asked = { instance: random.hex(16), sawEpoch, askedAt: clock.now() };
    writeRejoin(dataDir, recount === undefined ? asked : { ...asked, recount });
    this.#start();
    return this.#status ?? { phase: 'asking' };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  get #warehouse() {
    return this.#options.log.identity().warehouse;
  }

  #place() {
    const { epoch } = this.#options.log.identity();
    const { sequence, hash } = this.#options.log.head();
    return { epoch, sequence, hash: Buffer.from(hash).toString('hex') };
  }

  #start(): void {
    this.#status = { phase: 'asking' };
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Until it is ready, refused, or the node stops; a central that cannot be heard is asked again. */
  async #run(): Promise<void> {
    const { clock, random, events } = this.#options;
    const { signal } = this.#stopping;
    const backoff = new Backoff({ firstDelayMs: 500, delayMsMax: 30_000, random });
    while (!signal.aborted) {
      try {
        const epoch = await this.#step();
        if (signal.aborted) return;
        this.#status = { phase: 'ready', epoch };
        events.info({ epoch }, 'the log is taken back: the node begins anew with it');
        this.#options.onReady();
        return;
      } catch (error) {
        if (error instanceof CentralUnheard) {
          await clock.sleep(backoff.nextDelayMs(), signal);
          continue;
        }
        this.#giveUp(error);
        return;
      }
    }
  }

  #giveUp(error: unknown): void {
    const { dataDir } = this.#options;
    removeRejoin(dataDir);
    rmSync(join(dataDir, REJOIN_DIRECTORY), { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    this.#fail(reason, error instanceof RejoinRefused ? error.hint : START_ANEW);
  }

  #fail(reason: string, hint: string): void {
    this.#status = { phase: 'failed', reason, hint };
    this.#options.events.error({ reason, hint }, 'the node could not rejoin');
  }

  /** Everything that is still to be asked, each answer written down before the next question. Returns the new epoch. */
  async #step(): Promise<number> {
    const { dataDir } = this.#options;
    const state = readRejoin(dataDir);
    if (state === undefined) throw new RejoinRefused('the rejoin was taken back', START_ANEW);
    if (state.taken === undefined) await this.#refuseUnrelated();
    const taken = state.taken ?? (await this.#takeOver(state));
    if (state.taken === undefined) writeRejoin(dataDir, { ...state, taken });
    await this.#takeBack(taken, state);
    if (this.#stopping.signal.aborted) return taken.epoch;
    const statesAhead = state.statesAhead ?? (await this.#states(taken, state));
    writeRejoin(dataDir, { ...state, taken, statesAhead });
    return taken.epoch;
  }

  /**
   * Where central's log begins with a snapshot, whether a log that does not reach up to there is a part of it nobody can tell; nor, then,
   * which of what this node has recorded is in the snapshot. Asked before central decides: a node with an empty log may always rejoin.
   */
  async #refuseUnrelated(): Promise<void> {
    const { log } = this.#options;
    if (log.head().sequence === 0) return;
    const { beginsAt } = await this.look();
    if (beginsAt === undefined || log.firstSequence() > beginsAt.sequence + 1) return;
    const hash = log.hashAt(beginsAt.sequence);
    if (hash !== undefined && Buffer.from(hash).toString('hex') === beginsAt.hash) return;
    throw new RejoinRefused(
      `central's log of this warehouse begins with a snapshot at ${beginsAt.sequence}, and this node's log, which ends at ${log.head().sequence}, cannot be held against it`,
      'Keep a copy of this data directory, and let the node rejoin with an empty one. What it sold since it was restored is in the copy only: record it again, or count.',
    );
  }

  async #takeOver({ instance, sawEpoch, recount }: RejoinUnderWay): Promise<TakenOver> {
    const reply = await this.#ask({
      ...{ ask: 'take-over', warehouse: this.#warehouse, instance, sawEpoch, schema: [SCHEMA_MIN, SCHEMA_MAX] },
      takesSnapshots: true,
      ...(recount === undefined ? {} : { recount }),
    });
    if (reply.outcome !== 'taken-over') throw refusedBy(reply);
    return reply;
  }

  async #takeBack(taken: TakenOver, { instance }: RejoinUnderWay): Promise<void> {
    const { dataDir, clock } = this.#options;
    const warehouse = this.#warehouse;
    const directory = join(dataDir, REJOIN_DIRECTORY);
    const { snapshot } = taken;
    const open = () => AdoptedBooks.open(directory, { warehouse, instance, now: clock.now() });
    let books = open();
    try {
      if (snapshot !== undefined && books.head().sequence < snapshot.sequence) {
        // Begun anew where it was interrupted: its rows are not counted.
        books.close();
        rmSync(directory, { recursive: true, force: true });
        books = open();
        await this.#takeSnapshot(books, snapshot, { taken, instance });
        if (this.#stopping.signal.aborted) return;
      }
      for (let head = books.head(); head.sequence < taken.applied; head = books.head()) {
        this.#status = { phase: 'taking-back', epoch: taken.epoch, sequence: head.sequence, of: taken.applied };
        const reply = await this.#ask({ ask: 'log', warehouse, instance, after: head.sequence });
        if (reply.outcome !== 'log') throw refusedBy(reply);
        for (const batch of reply.batches) {
          // Tills go first: a batch at a time.
          await nextTurn();
          if (this.#stopping.signal.aborted) return;
          books.adopt(decodeUpBatch(Buffer.from(batch, 'base64')));
        }
        if (books.head().sequence === head.sequence) {
          throw new BrokenLog(
            `central's log ends at ${head.sequence}, not at ${taken.applied}: it cannot be given back whole`,
          );
        }
      }
      const { sequence, hash } = books.head();
      if (sequence !== taken.applied || Buffer.from(hash).toString('hex') !== taken.hash) {
        throw new BrokenLog(`the log that came back is not the one that central has applied up to ${taken.applied}`);
      }
    } catch (error) {
      if (error instanceof WireError) throw new BrokenLog(`central's log cannot be read: ${error.message}`);
      throw error;
    } finally {
      books.close();
    }
  }

  /** Everything that was true where central's log begins. */
  async #takeSnapshot(
    books: AdoptedBooks,
    snapshot: LogBeginning,
    { taken, instance }: { readonly taken: TakenOver; readonly instance: string },
  ): Promise<void> {
    const warehouse = this.#warehouse;
    const { sequence, chunks, at } = snapshot;
    const hashes: Uint8Array[] = [];
    let rows = 0;
    for (let index = 0; index < chunks; index += 1) {
      this.#status = { phase: 'taking-back', epoch: taken.epoch, sequence: 0, of: taken.applied };
      const reply = await this.#ask({ ask: 'snapshot', warehouse, instance, index });
      if (reply.outcome !== 'snapshot') throw refusedBy(reply);
      const bytes = Buffer.from(reply.chunk, 'base64');
      const chunk = decodeSnapshotChunk(bytes);
      hashes.push(chunkHash(bytes));
      rows += chunk.rows.length;
      for (let from = 0; from < chunk.rows.length; from += ROWS_PER_COMMIT) {
        // Tills go first: a few rows at a time.
        await nextTurn();
        if (this.#stopping.signal.aborted) return;
        books.adoptRows(chunk.rows.slice(from, from + ROWS_PER_COMMIT), { sequence, at });
      }
    }
    const hash = Buffer.from(snapshot.hash, 'hex');
    const root = snapshotRoot({ ...snapshot, warehouse, hash, rows }, hashes);
    if (root.toString('hex') !== snapshot.root) {
      throw new BrokenLog(`the snapshot that came back is not the one that central has taken at ${sequence}`);
    }
    books.beginAt({ sequence, hash });
  }

  async #states(taken: TakenOver, { instance }: RejoinUnderWay): Promise<readonly StateAhead[]> {
    const states: StateAhead[] = [];
    while (states.length < taken.statesAhead) {
      const after = states.at(-1)?.sku ?? '';
      const reply = await this.#ask({ ask: 'states', warehouse: this.#warehouse, instance, after });
      if (reply.outcome !== 'states') throw refusedBy(reply);
      if (reply.states.length === 0) break;
      states.push(...reply.states);
    }
    return states;
  }

  async #ask(body: RejoinRequest): Promise<RejoinReply> {
    let answer: unknown;
    try {
      answer = await this.#options.request(rejoinSubject(this.#warehouse), body, REQUEST_TIMEOUT_MS);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CentralUnheard(`central does not answer: ${reason}`, { cause });
    }
    const parsed = rejoinReply.safeParse(answer);
    if (!parsed.success)
      throw new RejoinRefused("central's answer cannot be read", 'Update central first, then the nodes.');
    return parsed.data;
  }
}

function refusedBy(reply: RejoinReply): RejoinRefused {
  return reply.outcome === 'refused'
    ? new RejoinRefused(reply.reason, reply.hint)
    : new RejoinRefused(`central answered with ${reply.outcome}`, 'Update central first, then the nodes.');
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
