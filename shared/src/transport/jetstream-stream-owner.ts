import type { NatsConnection } from 'nats';
import { LastingFailure } from '../runtime/lasting-failure.ts';
import { jetStreamErrorCode, STREAM_NOT_FOUND } from './jetstream-error.ts';

/** The store of central whose messages a stream carries. */
export type StreamOwner = {
  /** Its id: the same for as long as there is the store, wherever it is. */
  readonly store: string;
  /** Where it is, for people. */
  readonly place: string;
  /** The id of another store, which is lost, and in whose place this one comes. */
  readonly insteadOf?: string;
};

/** Of the 4 KiB that a description may have. */
const PLACE_CHARS_MAX = 1_000;
const ANSWERED_WITHIN_MS = 2_000;

/** What says in a stream's description whose it is: nats-server has metadata only from 2.10 on. */
export function markOf({ store, place }: StreamOwner): string {
  return `Of the store ${store} of edgestock central: ${place.slice(0, PLACE_CHARS_MAX)}`;
}

/** Throws `StreamOfAnotherStore`. A stream without a mark was made by an earlier release, and is anybody's. */
export function refuseOtherOwner(description: string | undefined, owner: StreamOwner): void {
  const { store, place } = ownerIn(description);
  if (store === undefined || store === owner.store || store === owner.insteadOf) return;
  throw new StreamOfAnotherStore({ store, place });
}

/**
 * Makes all of them the owner's, of those that are there: a part of them would be another's still when its next life looks. Throws
 * `StreamOfAnotherStore`, having changed nothing.
 */
export async function claimStreams(
  connection: NatsConnection,
  streams: readonly string[],
  owner: StreamOwner,
): Promise<void> {
  const manager = await connection.jetstreamManager({ timeout: ANSWERED_WITHIN_MS, checkAPI: false });
  const unmarked: string[] = [];
  for (const stream of streams) {
    try {
      const { description } = (await manager.streams.info(stream)).config;
      refuseOtherOwner(description, owner);
      if (ownerIn(description).store !== owner.store) unmarked.push(stream);
    } catch (error) {
      if (jetStreamErrorCode(error) !== STREAM_NOT_FOUND) throw error;
    }
  }
  for (const stream of unmarked) await manager.streams.update(stream, { description: markOf(owner) });
}

function ownerIn(description = ''): { readonly store: string | undefined; readonly place: string } {
  const [, store, place = ''] = /^Of the store ([0-9a-z]+) of edgestock central: (.*)$/s.exec(description) ?? [];
  return { store, place };
}

/** Two stores on one broker would take each other's messages, and each would acknowledge what the other has never seen. */
export class StreamOfAnotherStore extends LastingFailure {
  override readonly name = 'StreamOfAnotherStore';

  constructor({ store, place }: { readonly store: string; readonly place: string }) {
    super(
      `the broker carries the messages of another store of central: ${store}, ${place}`,
      'Is this the store that was meant, and its disk there (--data-dir, --store)? Another central has a broker of its own (--nats). ' +
        `If that store is lost, put a backup of it in place; without one start this central once with --instead-of ${store}.`,
    );
  }
}
