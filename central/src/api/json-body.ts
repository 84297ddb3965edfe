import { ProblemError, refuse } from '@edgestock/shared/runtime/problem';
import type { ApiContext } from './doors.ts';
import { problems } from './problems.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON value of a request's body, read only as far as it may go. Refuses what is not JSON, or not sent as such. */
export async function readJson({ req }: ApiContext, bodyBytesMax: number): Promise<unknown> {
  const contentType = req.header('content-type') ?? 'without one';
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType)) {
    refuse(
      problems.unsupportedMediaType,
      `Send the body with the header content-type: application/json, not ${contentType}.`,
    );
  }
  const bytes = await readBounded(req.raw, bodyBytesMax);
  try {
    return JSON.parse(strictUtf8.decode(bytes));
  } catch (error) {
    return refuse(problems.malformedJson, `The body is not JSON in UTF-8: ${reasonOf(error)}.`);
  }
}

async function readBounded(request: Request, bodyBytesMax: number): Promise<Uint8Array> {
  const tooLarge = () => refuse(problems.bodyTooLarge, `A body may have ${bodyBytesMax} bytes.`, { bodyBytesMax });
  // An announced length is checked before anything is read; the connection's parser holds the body to it.
  const announced = request.headers.get('content-length');
  if (Number(announced ?? 0) > bodyBytesMax) tooLarge();
  try {
    if (announced !== null) return new Uint8Array(await request.arrayBuffer());
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of request.body ?? []) {
      length += part.byteLength;
      if (length > bodyBytesMax) break;
      parts.push(part);
    }
    return length > bodyBytesMax ? tooLarge() : Buffer.concat(parts);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    return refuse(problems.bodyIncomplete, 'The connection ended before the body did.');
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
