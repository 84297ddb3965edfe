import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { pruneLimits } from '../limits.ts';
import type { DocumentStore } from '../store/document-store.ts';

/**
 * Forgets tasks that ended long ago and directives that were refused long ago, a piece at a time, so that tills hardly wait.
 * The movements they caused stay as long as the log does, and central keeps the orders.
 */
export class DocumentPruner implements Service {
  readonly #documents: Pick<DocumentStore, 'tasks' | 'directives'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #cancel: () => void;

  constructor(options: { documents: Pick<DocumentStore, 'tasks' | 'directives'>; clock: Clock; log: Log }) {
    this.#documents = options.documents;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#cancel = options.clock.every(pruneLimits.periodMs, () => this.#prune());
  }

  async stop(): Promise<void> {
    this.#cancel();
  }

  #prune(): void {
    const before = this.#clock.now() - pruneLimits.retentionMs;
    try {
      this.#documents.tasks.forget({ endedBefore: before, rowsMax: pruneLimits.tasksPerPieceMax });
      this.#documents.directives.forget({ receivedBefore: before, rowsMax: pruneLimits.directivesPerPieceMax });
    } catch (error) {
      // A disk that takes no write keeps its history a while longer.
      this.#log.error({ err: error }, 'old tasks cannot be forgotten; trying again');
    }
  }
}
