import { streamLimits } from './jetstream-stream.ts';

/** Why nothing gets through the stream, and since when by the wall clock. */
export type StreamFailure = {
  /** The broker does not let it be made, or has it and carries nothing. */
  readonly state: 'stream-missing' | 'stream-stuck';
  readonly since: number;
  readonly reason: string;
  readonly hint: string;
};

const bytesMiB = streamLimits.bytesMax / (1_024 * 1_024);

/** The broker refuses to make the stream, or to bring it to our settings. Told by who shares the stream, not by every lane. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused';
  readonly retryable = true;
  readonly hint =
    `The stream needs ${bytesMiB} MiB of the broker's file store: raise max_file_store of its JetStream or free its disk, and ` +
    "look at the account's limits. Central tries on; the nodes keep what they have.";
}

/** The broker has the stream and carries nothing, and making it anew did not help. */
export function streamStuck(reason: string, since: number): StreamFailure {
  const hint =
    'Restart nats-server, and look at its disk and its log. The nodes sell on and keep what they have; nothing is lost.';
  return { state: 'stream-stuck', since, reason, hint };
}
