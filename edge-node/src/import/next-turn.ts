/** Lets the event loop turn once: requests that came meanwhile are read, and the ledger takes them before what follows. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
