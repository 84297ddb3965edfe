import { commonProblems as problems, refuse } from './problem.ts';

/**
 * The JSON value of a request's body. Refuses what is not sent as JSON, is longer than `bodyBytesMax` (before reading it where
 * its length is announced), is not UTF-8 or is not JSON. Insisting on the content type also keeps web pages out: a browser
 * sends JSON to another origin only after asking, and nobody here says yes.
 */
export async function readJson(request: Request, bodyBytesMax: number): Promise<unknown> {
  const body = await readOptionalJson(request, bodyBytesMax);
  if (body !== undefined) return body;
  const detail = 'The body is empty: a JSON object is due, with the header content-type: application/json.';
  return refuse(problems.malformedJson, detail);
}

/** The same where a body may be left out, whatever its content type is said to be: `undefined` then. */
export async function readOptionalJson(request: Request, bodyBytesMax: number): Promise<unknown> {
  const bytes = await readBytes(request, bodyBytesMax);
  if (bytes.byteLength === 0) return undefined;
  checkHeaders(request);
  return jsonOf(bytes);
}

/** The JSON value of a body's bytes. Refuses what is not UTF-8 or not JSON. */
export function jsonOf(bytes: ArrayBuffer | Uint8Array): unknown {
  return parsed(decoded(bytes));
}

async function readBytes(request: Request, bodyBytesMax: number): Promise<ArrayBuffer | Uint8Array> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > bodyBytesMax) tooLarge(bodyBytesMax);
  // The parser of the connection holds a body to its announced length.
  return announced === null ? await readBounded(request, bodyBytesMax) : await whole(request.arrayBuffer());
}

function checkHeaders({ headers }: Request): void {
  checkContentType(headers.get('content-type'));
  checkContentEncoding(headers.get('content-encoding'));
}

function checkContentType(contentType: string | null): void {
  if (contentType === 'application/json') return;
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const isJson = /^application\/([\w.-]+\+)?json$/.test(type.trim());
  const charset = parameters.map((parameter) => /^\s*charset="?([^"]*)"?\s*$/.exec(parameter)?.[1]).find(Boolean);
  if (isJson && (charset === undefined || charset === 'utf-8' || charset === 'utf8')) return;
  refuse(
    problems.unsupportedMediaType,
    `Send the body as UTF-8 with the header content-type: application/json, not ${contentType ?? 'without it'}.`,
  );
}

/** A compressed body is not read as what it is not. */
function checkContentEncoding(contentEncoding: string | null): void {
  if (contentEncoding === null || ['', 'identity'].includes(contentEncoding.trim().toLowerCase())) return;
  refuse(
    problems.unsupportedMediaType,
    `Send the body as it is, without content-encoding: ${contentEncoding}.`,
    {},
    { 'accept-encoding': 'identity' },
  );
}

/** A body of unannounced length, read only as far as it may go. */
async function readBounded(request: Request, bodyBytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await whole(reader.read());
    if (done) break;
    length += value.byteLength;
    if (length > bodyBytesMax) {
      await reader.cancel();
      tooLarge(bodyBytesMax);
    }
    chunks.push(value);
  }
  return Buffer.concat(chunks);
}

/** A connection that broke in the middle of a body is the client's trouble, not ours. */
async function whole<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch {
    return incomplete();
  }
}

export function incomplete(): never {
  return refuse(problems.bodyIncomplete, 'The connection ended before the body did. Send the request again.');
}

function tooLarge(bodyBytesMax: number): never {
  refuse(problems.bodyTooLarge, `A body may have ${bodyBytesMax} bytes. Send it in several requests.`, {
    bodyBytesMax,
  });
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: ArrayBuffer | Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return refuse(problems.malformedJson, 'The body is not UTF-8: it was damaged, or written in another encoding.');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(problems.malformedJson, error instanceof Error ? error.message : 'The body is not JSON.');
  }
}
