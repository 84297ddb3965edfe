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

/** As a front door answers it: head and body in one piece, and where each character is a byte, they are copied instead of encoded. */
export function writeAnswer(response: ServerResponse, { status, headers, text }: WholeAnswer): void {
  const length = Buffer.byteLength(text);
  response.writeHead(status, { ...headers, 'content-length': length });
  response.end(text, length === text.length ? 'latin1' : 'utf8');
}

/** What the app would have said, said by a front door. */
export async function writeResponse(response: ServerResponse, told: Response): Promise<void> {
  writeAnswer(response, {
    status: told.status,
    headers: Object.fromEntries(told.headers),
    text: await told.text(),
  });
}
