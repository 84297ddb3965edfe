import type { IncomingMessage } from 'node:http';
import { incomplete, jsonOf } from './json-body.ts';

/**
 * Whether a body says in the plainest way that it is JSON, and how long it is: what nearly all clients send, and all that a front
 * door takes. Anything else is judged by `readJson`.
 */
export function isPlainJson({ headers, rawHeaders }: IncomingMessage, bodyBytesMax: number): boolean {
  const length = Number(headers['content-length'] ?? 0);
  return (
    headers['content-type'] === 'application/json' &&
    headers['content-encoding'] === undefined &&
    length > 0 &&
    length <= bodyBytesMax &&
    standsOnce('content-type', rawHeaders)
  );
}

/** Of a header that stands twice, Node tells the first where the app behind sees both. */
function standsOnce(name: string, rawHeaders: readonly string[]): boolean {
  let times = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at];
    if (header?.length === name.length && header.toLowerCase() === name) times += 1;
  }
  return times === 1;
}

/** The JSON value of such a body; refuses what `readJson` refuses, in the same words. The parser of the connection holds it to its length. */
export async function readPlainJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await bytesOf(request);
  return bytes === undefined ? incomplete() : jsonOf(bytes);
}

/** All bytes of the body; `undefined` where the connection has ended before they had come. */
function bytesOf(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const broken = () => resolve(undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [first] = chunks;
      resolve(first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks));
    });
    // After the end nobody waits for it any more.
    request.on('close', broken);
    request.on('error', broken);
  });
}
