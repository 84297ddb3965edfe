import { refuse } from '@edgestock/shared/runtime/problem';
import type { HttpDependencies, ServerBindings } from '../dependencies.ts';
import { movementBody } from '../movement-json.ts';
import { problems } from '../problems.ts';

const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(': heartbeat\n\n');
const RETRY_AFTER_SECONDS = 30;
/** How long a client waits before it comes back. */
const RECONNECT_MS = 2_000;

type StreamDeps = Pick<HttpDependencies, 'ledger' | 'clock' | 'limits' | 'log'>;

/**
 * The open event streams of a node. A stream has no queue of its own: it reads the log at its own pace, a piece whenever its
 * reader has taken the last one, so a slow reader costs nothing but its place. One that takes nothing for `eventStallMs` is
 * dropped and may resume from where it was.
 */
export class EventStreams {
  readonly #deps: StreamDeps;
  #openCount = 0;
  #droppedCount = 0;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
  }

  get openCount(): number {
    return this.#openCount;
  }

  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** A stream of the movements after a place in the log, as bytes of server-sent events. */
  open(after: number, server: ServerBindings): ReadableStream<Uint8Array> {
    const { eventStreamsMax } = this.#deps.limits;
    if (this.#openCount >= eventStreamsMax) {
      refuse(
        problems.unavailable,
        `${eventStreamsMax} event streams are open, which is the most. Come back later, or read GET /v1/movements.`,
        {},
        { 'retry-after': String(RETRY_AFTER_SECONDS) },
      );
    }
    this.#openCount += 1;
    return movementStream(after, this.#deps, server, (isDropped) => {
      this.#openCount -= 1;
      if (isDropped) this.#droppedCount += 1;
    });
  }
}

function movementStream(
  after: number,
  { ledger, clock, limits, log }: StreamDeps,
  { stopping, disconnect }: ServerBindings,
  onClosed: (isDropped: boolean) => void,
): ReadableStream<Uint8Array> {
  let sentUpTo = after;
  let isOpen = true;
  let isCancelled = false;
  let isHeartbeatDue = false;
  /** Set while the reader wants more and the log has none. */
  let wake: (() => void) | undefined;
  let lastTakenMs = clock.monotonicMs();
  const cancellations: (() => void)[] = [];

  function close(isDropped = false): void {
    if (!isOpen) return;
    isOpen = false;
    for (const cancel of cancellations) cancel();
    wake?.();
    onClosed(isDropped);
  }

  function beat(): void {
    if (wake !== undefined) {
      isHeartbeatDue = true;
      wake();
    } else if (clock.monotonicMs() - lastTakenMs > limits.eventStallMs) {
      log.warn(
        { sentUpTo, hint: 'Its reader took nothing; it may resume with Last-Event-ID.' },
        'event stream dropped',
      );
      close(true);
      disconnect?.();
    }
  }

  /** The next bytes, or nothing while there are none. */
  function nextPiece(): Uint8Array | undefined {
    const movements = ledger.view.movementsAfter(sentUpTo, limits.eventRowsPerRead);
    const last = movements.at(-1);
    if (last !== undefined) {
      sentUpTo = last.sequence;
      const events = movements.map(
        (movement) => `id: ${movement.sequence}\nevent: movement\ndata: ${JSON.stringify(movementBody(movement))}\n\n`,
      );
      return encoder.encode(events.join(''));
    }
    if (!isHeartbeatDue) return undefined;
    isHeartbeatDue = false;
    return HEARTBEAT;
  }

  return new ReadableStream<Uint8Array>({
    start(controller) {
      cancellations.push(ledger.onCommit(() => wake?.()));
      cancellations.push(clock.every(limits.eventHeartbeatMs, beat));
      const stop = () => close();
      stopping?.addEventListener('abort', stop, { once: true });
      cancellations.push(() => stopping?.removeEventListener('abort', stop));
      if (stopping?.aborted) close();
      // The id alone, without data: a reader that is cut off before the first movement resumes from here all the same.
      controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\nid: ${after}\n\n`));
    },
    async pull(controller) {
      lastTakenMs = clock.monotonicMs();
      let piece = isOpen ? nextPiece() : undefined;
      while (isOpen && piece === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
        piece = isOpen ? nextPiece() : undefined;
      }
      if (isCancelled) return;
      if (piece !== undefined) controller.enqueue(piece);
      else controller.close();
      lastTakenMs = clock.monotonicMs();
    },
    cancel() {
      isCancelled = true;
      close();
    },
  });
}
