import { connect } from 'node:net';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { HttpService } from '@edgestock/shared/runtime/http-service';
import { answerOnWire } from '@edgestock/shared/testing/wire-request';
import type { HttpAnswers } from '../http/serve-http.ts';
import { serveHttp } from '../http/serve-http.ts';
import { httpLimits } from '../limits.ts';

/** A server on the wire, spoken to in bytes. */
export class Wire {
  readonly #service: HttpService;

  private constructor(service: HttpService) {
    this.#service = service;
  }

  static async of(answers: HttpAnswers): Promise<Wire> {
    return new Wire(
      await serveHttp(answers, { port: 0, limits: { ...httpLimits, stopGraceMs: 50 }, clock: systemClock }),
    );
  }

  /** See `answerOnWire`. */
  answerTo(...pieces: readonly (string | Buffer)[]): Promise<string> {
    return answerOnWire(this.#service.url, ...pieces);
  }

  /** Sends a part of a request, and goes away. */
  async breakOff(part: Buffer): Promise<void> {
    const socket = connect(Number(new URL(this.#service.url).port), '127.0.0.1');
    socket.write(part);
    await systemClock.sleep(50);
    socket.destroy();
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }
}
