import { streamLimits } from './jetstream-stream.ts';

/** Why the broker does not let the stream be made, and since when by the wall clock. Nothing can be sent meanwhile. */
export type StreamFailure = { readonly since: number; readonly reason: string; readonly hint: string };

const bytesMiB = streamLimits.bytesMax / (1_024 * 1_024);

/** The broker refuses to make the stream, or to bring it to our settings. Told by who shares the stream, not by every lane. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused';
  readonly retryable = true;
  readonly hint =
    `The stream needs ${bytesMiB} MiB of the broker's file store: raise max_file_store of its JetStream or free its disk, and ` +
    "look at the account's limits. Central tries on; the nodes keep what they have.";
}
