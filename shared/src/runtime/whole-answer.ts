import type { ServerResponse } from 'node:http';

/** An answer that is there as a whole. */
export type WholeAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

/** As an app answers it. */
export function responseOf({ status, headers, text }: WholeAnswer): Response {
  return new Response(text, { status, headers });
}

/** What an app says, once it is there as a whole. */
export async function wholeAnswer(response: Response): Promise<WholeAnswer> {
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}

/** As a front door answers it: head and body in one piece, and where each character is a byte, they are copied instead of encoded. */
export function writeAnswer(response: ServerResponse, { status, headers, text }: WholeAnswer): void {
  const length = Buffer.byteLength(text);
  response.writeHead(status, { ...headers, 'content-length': length });
  response.end(text, length === text.length ? 'latin1' : 'utf8');
}
