import { DOWN_STREAM, UP_STREAM } from '@edgestock/shared/protocol/subjects';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import {
  claimStreams,
  StreamOfAnotherStore,
  type StreamOwner,
} from '@edgestock/shared/transport/jetstream-stream-owner';
import type { NatsConnection } from 'nats';
import { centralLimits } from '../limits.ts';

export type OwnershipOptions = {
  readonly connection: NatsConnection;
  readonly owner: StreamOwner;
  readonly clock: Clock;
  readonly log: Log;
  /** The broker is another store's: nothing more may be taken from it. */
  readonly onOther: (error: StreamOfAnotherStore) => void;
};

/**
 * Sees that the broker is that of this store, before anything is taken from it and from then on: another store may have been put in
 * this one's place, by a person who took this one for lost, or both may have found a broker without any mark at the same moment.
 */
export class JetStreamOwnership implements Service {
  readonly #options: OwnershipOptions;
  readonly #cancel: () => void;

  constructor(options: OwnershipOptions) {
    this.#options = options;
    this.#cancel = options.clock.every(centralLimits.laneCheckPeriodMs, () => void this.isOurs());
  }

  /** False when it is another's, which is told. A broker that does not say is ours until it does: who makes the streams asks again. */
  async isOurs(): Promise<boolean> {
    const { connection, owner, log, onOther } = this.#options;
    try {
      await claimStreams(connection, [UP_STREAM, DOWN_STREAM], owner);
      return true;
    } catch (error) {
      if (!(error instanceof StreamOfAnotherStore)) {
        log.debug(
          { reason: error instanceof Error ? error.message : String(error) },
          'the broker does not say whose it is',
        );
        return true;
      }
      this.#cancel();
      onOther(error);
      return false;
    }
  }

  async stop(): Promise<void> {
    this.#cancel();
  }
}
