/**
 * The way to the broker and, through it, to central. Two implementations: JetStream, and one simulated in memory that loses,
 * repeats, reorders and delays on command. The port promises little on purpose:
 * - an acknowledged publish has reached the broker, which is no proof that it survives there, or that central has it;
 * - a publish that fails with `timeout` may or may not have reached it;
 * - publishes may overtake one another;
 * - what comes down may be lost, come several times, or in any order.
 */
export type Link = {
  readonly isConnected: boolean;
  /** Tells every change of `isConnected`. The returned function unsubscribes. A broken link is restored for ever, by itself. */
  onChange(listener: (isConnected: boolean) => void): () => void;
  /** Resolves when the broker has acknowledged the message. Throws `LinkError`. */
  publish(subject: string, bytes: Uint8Array, messageId: string): Promise<void>;
  /** Asks central; the body and the answer are JSON values. Throws `LinkError`. */
  request(subject: string, body: unknown, timeoutMs: number): Promise<unknown>;
  /**
   * Tells every message of central's log for this node, for as long as there is a listener; at most one at a time. One that is
   * not acknowledged comes again. The returned function unsubscribes. A way down that breaks is restored for ever, by itself.
   */
  onDown(listener: (message: DownMessage) => void): () => void;
  /** Ends the link; what is under way fails as `disconnected`. */
  close(): Promise<void>;
};

/** A message of the way down. */
export type DownMessage = {
  readonly bytes: Uint8Array;
  /** It need not come again: its effect is durable, or it is of no use. Never fails; an acknowledgement may get lost. */
  readonly acknowledge: () => void;
};

export type LinkFailure =
  /** No answer in time: the outcome is unknown. */
  | 'timeout'
  /** Nobody serves the subject: no stream for a publish, no central for a request. */
  | 'no-responders'
  | 'disconnected'
  /** The other side said no, or answered what cannot be read. */
  | 'refused';

const hints: Readonly<Record<LinkFailure, string>> = {
  timeout: 'the broker or central is slow or cut off; the node goes on alone and tries again',
  'no-responders': 'the broker is there, but central (which makes the stream and answers the nodes) is not',
  disconnected: 'the broker cannot be reached; the node goes on alone and reconnects by itself',
  refused: "look at the broker's limits and at this node's permissions",
};

/** Something the link could not do this time. Always worth another try later. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly failure: LinkFailure;
  readonly retryable = true;
  readonly hint: string;

  constructor(failure: LinkFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
    this.hint = hints[failure];
  }
}
