/** Asks an HTTP door, with a JSON body where there is one. Rejects as `fetch` does; `whyUnanswered` tells what that means. */
export function jsonCall(url: string, method: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}

/** Why a door did not answer: the error of `fetch` says only that it failed, and its cause says why. */
export function whyUnanswered(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
}
