import { centralLimits } from '../limits.ts';
import type { SourceMessage } from './source.ts';

/** A batch that may be a live sale, with others that came while one commit lasted. */
export function isSmall({ bytes }: Pick<SourceMessage, 'bytes'>): boolean {
  return bytes.length <= centralLimits.smallBatchBytesMax;
}

/**
 * Messages waiting for their transaction, first come first served within a node, in turns between nodes: one that catches up
 * on a million deltas must not hold up a sale of another. States go before logs: they are what makes availability right.
 */
export class MessageQueue {
  readonly #states: SourceMessage[] = [];
  /** In turn order: a node that has been served goes to the end. */
  readonly #logs = new Map<string, SourceMessage[]>();
  #size = 0;
  readonly #waitingForRoom: (() => void)[] = [];

  get size(): number {
    return this.#size;
  }

  /** Resolves at once while there is room, else when there is some again. */
  put(message: SourceMessage): Promise<void> {
    this.#size += 1;
    if (message.lane === 'state') this.#states.push(message);
    else {
      const log = this.#logs.get(message.subjectWarehouse);
      if (log === undefined) this.#logs.set(message.subjectWarehouse, [message]);
      else log.push(message);
    }
    if (this.#size < centralLimits.queueMessagesMax) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForRoom.push(resolve));
  }

  /** States for one transaction, in the order they came. */
  takeStates(): SourceMessage[] {
    return this.#taken(this.#states.splice(0, centralLimits.groupStatesMax));
  }

  /**
   * The next few messages of the node whose turn it is, or none. With `joinsSmall` they are to share a transaction with small ones
   * only: a batch of a backlog does not, and has the next turn.
   */
  takeLogs(messagesMax: number, { joinsSmall = false } = {}): SourceMessage[] {
    for (const [warehouse, log] of this.#logs) {
      if (joinsSmall && !log.slice(0, 1).every(isSmall)) return [];
      const taken = log.splice(0, Math.min(messagesMax, centralLimits.groupMessagesPerNodeMax));
      this.#logs.delete(warehouse);
      if (log.length > 0) this.#logs.set(warehouse, log);
      return this.#taken(taken);
    }
    return [];
  }

  #taken(messages: SourceMessage[]): SourceMessage[] {
    this.#size -= messages.length;
    if (this.#size < centralLimits.queueMessagesMax) for (const resume of this.#waitingForRoom.splice(0)) resume();
    return messages;
  }
}
