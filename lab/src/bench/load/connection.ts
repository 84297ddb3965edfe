import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** The server said something that this client does not read. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
}

export type Answer = { readonly status: number; readonly body: Buffer };

const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);
/** `HTTP/1.1 ` */
const STATUS_AT = 9;

/**
 * One kept-alive HTTP connection that has at most one request under way. It knows just enough HTTP for servers that state the
 * length of their answers: on two cores a complete client would take more of the machine than the server it measures.
 */
export class Connection {
  readonly host: string;
  readonly #socket: Socket;
  #received: Buffer = NOTHING;
  #onAnswer: ((answer: Answer) => void) | undefined;
  #onFailure: ((error: Error) => void) | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.host = host;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#onFailure?.(error));
    socket.on('close', () => this.#onFailure?.(new UnexpectedAnswer('the server closed the connection')));
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new Connection(socket, host);
  }

  /** `request` is the text of a whole request, in ASCII. */
  send(request: string, onAnswer: (answer: Answer) => void, onFailure: (error: Error) => void): void {
    this.#onAnswer = onAnswer;
    this.#onFailure = onFailure;
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.#onFailure = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = bytes.indexOf(HEAD_END);
    const length = headEnd < 0 ? undefined : bodyLength(bytes.toString('latin1', 0, headEnd));
    const bodyAt = headEnd + HEAD_END.length;
    if (length === undefined || bytes.length < bodyAt + length) {
      this.#received = bytes;
      return;
    }
    this.#received = NOTHING;
    const status = Number(bytes.toString('latin1', STATUS_AT, STATUS_AT + 3));
    this.#onAnswer?.({ status, body: bytes.subarray(bodyAt, bodyAt + length) });
  }
}

function bodyLength(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new UnexpectedAnswer(`an answer without its length:\n${head}`);
  return Number(length);
}

export function getText(host: string, path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}

/** The body must be ASCII: its characters are its bytes. */
export function postText(host: string, path: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
