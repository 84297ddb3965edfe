/** Commits on their way to central, of one node: how long each takes until the node hears that it is applied. */
export class UnderWay {
  /** Of every commit that arrived. */
  readonly lagsMs: number[] = [];
  readonly #waiting: { readonly upTo: number; readonly atMs: number }[] = [];

  get count(): number {
    return this.#waiting.length;
  }

  /** A commit ends at this place of the log. */
  committed(upTo: number, nowMs: number): void {
    this.#waiting.push({ upTo, atMs: nowMs });
  }

  /** Central's cursor, as the node hears of it: commits arrive in their order. */
  applied(upTo: number, nowMs: number): void {
    const arrived = this.#waiting.findIndex((commit) => commit.upTo > upTo);
    const commits = this.#waiting.splice(0, arrived < 0 ? this.#waiting.length : arrived);
    for (const { atMs } of commits) this.lagsMs.push(nowMs - atMs);
  }
}
