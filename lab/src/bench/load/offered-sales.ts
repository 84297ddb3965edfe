import { systemClock } from '@edgestock/shared/runtime/clock';
import { type Answer, Connection, postText } from './connection.ts';

/** How often due requests are sent. */
const TICK_MS = 1;

export type OfferedResult = {
  readonly answered: number;
  /** Not sent at their time, because every connection of their node was still busy. */
  readonly late: number;
};

/**
 * Offers sales at a steady rate, spread evenly over the nodes, whether or not earlier ones have been answered. Resolves when all
 * are answered; rejects when a connection fails.
 */
export async function offeredSales(options: {
  readonly urls: readonly string[];
  readonly connectionsPerNode: number;
  readonly perSecond: number;
  readonly durationMs: number;
  readonly bodyOf: (index: number) => string;
  readonly onAnswer: (url: string, answer: Answer) => void;
}): Promise<OfferedResult> {
  const nodes = await Promise.all(
    options.urls.map((url) => OfferedNode.open(url, options.connectionsPerNode, options.onAnswer)),
  );
  const total = Math.round((options.perSecond * options.durationMs) / 1_000);
  const startedMs = systemClock.monotonicMs();
  try {
    for (let offered = 0; offered < total; ) {
      const due = Math.min(total, Math.floor(((systemClock.monotonicMs() - startedMs) * options.perSecond) / 1_000));
      for (; offered < due; offered += 1) nodes[offered % nodes.length]?.offer(options.bodyOf(offered));
      await systemClock.sleep(TICK_MS);
    }
    await Promise.all(nodes.map((node) => node.drained()));
    return { answered: total, late: nodes.reduce((sum, { late }) => sum + late, 0) };
  } finally {
    for (const node of nodes) node.close();
  }
}

/** The connections to one node, and what waits for one of them to be free. */
class OfferedNode {
  late = 0;
  readonly #connections: readonly Connection[];
  readonly #url: string;
  readonly #onAnswer: (url: string, answer: Answer) => void;
  readonly #free: Connection[];
  readonly #queue: string[] = [];
  #failure: Error | undefined;
  #onDrained: (() => void) | undefined;

  private constructor(
    connections: readonly Connection[],
    url: string,
    onAnswer: (url: string, answer: Answer) => void,
  ) {
    this.#connections = connections;
    this.#free = [...connections];
    this.#url = url;
    this.#onAnswer = onAnswer;
  }

  static async open(
    url: string,
    connections: number,
    onAnswer: (url: string, answer: Answer) => void,
  ): Promise<OfferedNode> {
    const opened = await Promise.all(Array.from({ length: connections }, () => Connection.open(url)));
    return new OfferedNode(opened, url, onAnswer);
  }

  offer(body: string): void {
    const connection = this.#free.pop();
    if (connection === undefined) {
      this.late += 1;
      this.#queue.push(body);
    } else this.#send(connection, body);
  }

  async drained(): Promise<void> {
    if (this.#failure === undefined && this.#free.length < this.#connections.length) {
      await new Promise<void>((resolve) => {
        this.#onDrained = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #send(connection: Connection, body: string): void {
    const answered = (answer: Answer) => {
      this.#onAnswer(this.#url, answer);
      const next = this.#queue.shift();
      if (next !== undefined) return this.#send(connection, next);
      this.#free.push(connection);
      if (this.#free.length === this.#connections.length) this.#onDrained?.();
    };
    const failed = (error: Error) => {
      this.#failure ??= error;
      this.#onDrained?.();
    };
    connection.send(postText(connection.host, '/v1/sales', body), answered, failed);
  }
}
