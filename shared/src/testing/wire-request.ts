import { once } from 'node:events';
import { connect } from 'node:net';
import { systemClock } from '../runtime/clock.ts';

/**
 * All that comes back to a request, which is sent in these pieces, until the connection ends. Of headers the names are in small letters
 * and in order, and the date is left out, so that what means the same is the same.
 */
export async function answerOnWire(url: string, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
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
  return [status, ...told.filter((header) => !header.startsWith('date:')).sort()].join('\r\n') + received.slice(bodyAt);
}

/** A request in bytes, after which the server ends the connection. */
export function requestOnWire(line: string, headers: readonly string[] = [], body: string | Buffer = ''): Buffer {
  const head = [`${line} HTTP/1.1`, 'Host: shop', 'Connection: close', ...headers, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
}
