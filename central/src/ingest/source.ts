import type { Lane } from '@edgestock/shared/protocol/subjects';

/**
 * Where messages of nodes come from: the broker, or a simulated one. It may lose, repeat, reorder and damage them; what it
 * must keep is that `accept` is told of everything that arrives, one message of a node after the other, and that it is
 * slowed down by the promise `accept` returns.
 */
export type SourceMessage = {
  readonly lane: Lane;
  /** The warehouse the message's subject names; the broker's permissions vouch for it. */
  readonly subjectWarehouse: string;
  readonly bytes: Uint8Array;
  /** It has had its effect, or never will: do not deliver it again. A courtesy; a lost one repeats harmlessly. */
  acknowledge(): void;
};

/** The half of ingest a source talks to. Control bodies are JSON text; `undefined` = leave the request without an answer. */
export type SourceListener = {
  /** Resolves when there is room for the next one. */
  accept(message: SourceMessage): Promise<void>;
  enrol(subjectWarehouse: string, body: string): Promise<string | undefined>;
  heartbeat(subjectWarehouse: string, body: string): Promise<string | undefined>;
  lastUnits(subjectWarehouse: string, body: string): Promise<string | undefined>;
  rejoin(subjectWarehouse: string, body: string): Promise<string | undefined>;
  snapshot(subjectWarehouse: string, body: string): Promise<string | undefined>;
  /** Messages may have been lost on the way, without a trace: the nodes should be asked. */
  interrupted(): void;
};
