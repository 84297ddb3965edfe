import { CountedPositions } from '@edgestock/shared/inventory/counted-positions';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import type { EdgeStore } from '../store/edge-store.ts';
import type { Ledger } from './ledger.ts';
import { sqliteCode } from './ledger-unavailable.ts';

/** Positions counted in one turn of the event loop: about 1 ms. */
const POSITIONS_PER_PAGE = 256;

/**
 * Keeps the digest of all positions at hand, so that central can be told what it should have. It is counted up after each start,
 * a page to a turn between the tills, and carried along with every commit: it costs no write and no disk, and a page that rotted
 * on this disk would be found by central's copy of it.
 */
export class DigestKeeper implements Service {
  readonly #shelves: EdgeStore['shelves'];
  readonly #counted: CountedPositions;
  readonly #log: Log;
  readonly #unsubscribe: () => void;
  #headSequence: number;
  #isStopped = false;
  readonly #counting: Promise<void>;

  constructor(options: {
    readonly warehouse: WarehouseId;
    readonly ledger: Ledger;
    readonly store: EdgeStore;
    readonly log: Log;
  }) {
    this.#shelves = options.store.shelves;
    this.#log = options.log;
    this.#headSequence = options.store.outbox.head().sequence;
    this.#counted = new CountedPositions(options.warehouse);
    this.#unsubscribe = options.ledger.onCommit((headSequence, changes) => {
      this.#headSequence = headSequence;
      for (const { before, after } of changes) {
        if (before !== after) this.#counted.changed(after.sku, before.position, after.position);
      }
    });
    this.#counting = this.#count();
  }

  /** The digest after a place of the log; `undefined` when that is not the last one, and until it is counted. */
  at(sequence: number): Uint8Array | undefined {
    return sequence === this.#headSequence ? this.#counted.whole?.bytes() : undefined;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    await this.#counting;
  }

  async #count(): Promise<void> {
    try {
      while (this.#counted.whole === undefined) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#isStopped) return;
        const rows = this.#shelves.page(this.#counted.after, POSITIONS_PER_PAGE);
        this.#counted.page(rows, rows.length < POSITIONS_PER_PAGE);
      }
    } catch (error) {
      if (sqliteCode(error) === undefined) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error(
        { reason, hint: 'sales go on; look at the disk' },
        'positions cannot be read: no digest is stated',
      );
    }
  }
}
