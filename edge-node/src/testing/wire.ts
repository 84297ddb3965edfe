import { once } from 'node:events';
import { connect } from 'node:net';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { HttpService } from '@edgestock/shared/runtime/http-service';
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

  /**
   * All that comes back to a request, which is sent in these pieces, until the connection ends. Of headers the names are in small letters
   * and in order, and the date is left out, so that what means the same is the same.
   */
  async answerTo(...pieces: readonly (string | Buffer)[]): Promise<string> {
    const socket = connect(Number(new URL(this.#service.url).port), '127.0.0.1');
    const ended = once(socket, 'close');
    let received = '';
    socket.setNoDelay().on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    for (const piece of pieces) {
      socket.write(piece);
      await systemClock.sleep(5);
    }
    await ended;
    const bodyAt = received.indexOf('\r\n\r\n');
    const [status = '', ...headers] = received.slice(0, bodyAt).split('\r\n');
    const told = headers.map((header) => header.replace(/^[^:]*/, (name) => name.toLowerCase()));
    return (
      [status, ...told.filter((header) => !header.startsWith('date:')).sort()].join('\r\n') + received.slice(bodyAt)
    );
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

/** A request in bytes, after which the server ends the connection. */
export function requestText(line: string, headers: readonly string[] = [], body: string | Buffer = ''): Buffer {
  const head = [`${line} HTTP/1.1`, 'Host: node', 'Connection: close', ...headers, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}
