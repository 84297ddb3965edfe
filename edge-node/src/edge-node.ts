import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import { type Clock, systemClock } from '@edgestock/shared/runtime/clock';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import type { HttpService } from '@edgestock/shared/runtime/http-service';
import { createLog, type Log } from '@edgestock/shared/runtime/log';
import { type Random, systemRandom } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import type { EdgeConfig } from './config.ts';
import { outOfService } from './http/out-of-service.ts';
import { serveHttp } from './http/serve-http.ts';
import { httpLimits, lastAnswersMs, reopenLimits } from './limits.ts';
import { type OpenNode, openNode } from './open-node.ts';

export type EdgeNode = Service & {
  readonly warehouse: WarehouseId;
  readonly url: string;
  /** Central has answered in the present session; `false` does not keep the node from working. */
  isEnrolled(): boolean;
};

type Parts = { readonly clock: Clock; readonly random: Random; readonly log: Log };

const BEING_OPENED = { reason: 'it is being opened', hint: 'Send the same request again.' };

/**
 * One node: its database opened with all that works on it, and HTTP in front. A plain object: a process may hold hundreds.
 * Resolves when the node answers; the broker need not be there. Throws when the data directory or the address cannot be had,
 * each error with what to do about it.
 */
export async function startEdgeNode(
  config: EdgeConfig,
  dependencies: { readonly clock?: Clock; readonly random?: Random; readonly log?: Log } = {},
): Promise<EdgeNode> {
  const { clock = systemClock, random = systemRandom } = dependencies;
  const log = (dependencies.log ?? createLog({ level: config.logLevel, name: 'edge-node' })).child({
    warehouse: config.warehouse,
  });
  const node = new KeptNode(config, { clock, random, log });
  try {
    await node.listen(await node.open());
    return node;
  } catch (error) {
    await node.stop();
    throw error;
  }
}

/**
 * Keeps a node open, behind one door. When the disk fails under a write, the connection is not trusted again (see
 * `isDiskFailure`): the node refuses writes and answers reads until it has closed its database and opened it again, checked.
 * A node that has rejoined is closed and opened as well: every part of it has read the books that the log it took back replaces.
 * Where the opening fails, it says so at its doors and tries on, with growing pauses: disks come back, and tills wait for
 * nothing else.
 */
class KeptNode implements EdgeNode {
  readonly #config: EdgeConfig;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #parts: Parts;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #answering = new Set<Promise<unknown>>();
  #node: OpenNode | undefined;
  #openedAtMs = 0;
  #why = BEING_OPENED;
  /** One at a time. */
  #reopening: Promise<void> = Promise.resolve();
  #http: HttpService | undefined;

  constructor(config: EdgeConfig, parts: Parts) {
    this.#config = config;
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#backoff = new Backoff({ ...reopenLimits, random: parts.random });
  }

  get warehouse(): WarehouseId {
    return this.#config.warehouse;
  }

  get url(): string {
    return this.#http?.url ?? '';
  }

  isEnrolled(): boolean {
    return this.#node?.isEnrolled() ?? false;
  }

  open(): Promise<OpenNode> {
    const opening: Promise<OpenNode> = openNode(this.#config, this.#parts, {
      onDiskFailed: (failure) =>
        this.#reopen(
          () => opening,
          () => this.#pauseAfter(failure),
        ),
      onRejoinReady: () =>
        this.#reopen(
          () => opening,
          () => this.#lastAnswers(),
        ),
    }).then((node) => {
      this.#openedAtMs = this.#clock.monotonicMs();
      this.#node = node;
      return node;
    });
    return opening;
  }

  async listen(node: OpenNode): Promise<void> {
    const { host, port } = this.#config;
    const answers = { fetch: this.#answer.bind(this), front: this.#answerInFront.bind(this) };
    this.#http = await serveHttp(answers, { host, port, limits: httpLimits, clock: this.#clock });
    node.begin();
    const { url } = this;
    this.#log.info({ url, dataDirectory: this.#config.dataDirectory, sequence: node.sequence }, 'the node is ready');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#node?.endStreams();
    await this.#http?.stop();
    await this.#reopening;
    await this.#node?.stop();
    this.#node = undefined;
  }

  #answer(...[request, bindings]: Parameters<OpenNode['fetch']>): Response | Promise<Response> {
    if (this.#node === undefined) return outOfService(request, this.#why);
    return this.#underWay(this.#node.fetch(request, bindings));
  }

  #answerInFront(...[request, response, otherwise]: Parameters<FrontDoor>): ReturnType<FrontDoor> {
    if (this.#node?.front === undefined) return otherwise();
    return this.#underWay(this.#node.front(request, response, otherwise));
  }

  /** Remembers what is not answered yet for as long as it is not. */
  #underWay<Answer>(answer: Answer): Answer {
    if (answer instanceof Promise) {
      this.#answering.add(answer);
      const isAnswered = () => this.#answering.delete(answer);
      void answer.then(isAnswered, isAnswered);
    }
    return answer;
  }

  /** Closes a node and opens it again, unless that has happened meanwhile for another cause. `before` runs while it is open. */
  #reopen(opening: () => Promise<OpenNode>, before: () => Promise<void>): void {
    this.#reopening = this.#reopening.then(async () => {
      // One that could not be opened is tried again by whoever wanted it.
      const node = await opening().catch(() => undefined);
      if (node === undefined || node !== this.#node) return;
      await before();
      this.#node = undefined;
      this.#why = BEING_OPENED;
      // What it says no longer matters: whatever is not durable by now, nobody was told that it is.
      await node.stop().catch((error: unknown) => this.#log.warn({ err: error }, 'the node was not closed in order'));
      await this.#openAgain();
    });
  }

  async #pauseAfter(failure: Error): Promise<void> {
    if (this.#clock.monotonicMs() - this.#openedAtMs > reopenLimits.delayMsMax) this.#backoff.reset();
    const delayMs = this.#backoff.nextDelayMs();
    const hint = 'Look at the disk (kernel log, SMART). Reads go on; the database is opened again by itself.';
    this.#log.error({ reason: failure.message, hint, delayMs }, 'the disk failed under a write');
    await this.#clock.sleep(delayMs, this.#stopping.signal);
  }

  /** Takes no more requests, and ends those under way: their writes are durable in the books that are taken over. */
  async #lastAnswers(): Promise<void> {
    this.#node?.endStreams();
    this.#node = undefined;
    this.#why = BEING_OPENED;
    const waiting = new AbortController();
    await Promise.race([Promise.allSettled([...this.#answering]), this.#clock.sleep(lastAnswersMs, waiting.signal)]);
    waiting.abort();
  }

  async #openAgain(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const node = await this.open();
        node.begin();
        this.#log.info({ sequence: node.sequence }, 'the database was checked and opened again');
        return;
      } catch (error) {
        this.#why = whyOf(error);
        const delayMs = this.#backoff.nextDelayMs();
        this.#log.error({ ...this.#why, delayMs }, 'the database cannot be opened again; trying on');
        await this.#clock.sleep(delayMs, signal);
      }
    }
  }
}

function whyOf(error: unknown): { readonly reason: string; readonly hint: string } {
  const reason = error instanceof Error ? error.message : String(error);
  const isHinted = error instanceof Error && 'hint' in error && typeof error.hint === 'string';
  return { reason, hint: isHinted ? String(error.hint) : 'Look at the log of the node and at its disk.' };
}
