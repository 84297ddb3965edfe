/** Resolves in the next turn of the event loop: what is waiting there (a till's request) goes first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
