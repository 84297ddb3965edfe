import { assert } from '@edgestock/shared/runtime/assert';

/**
 * The node's cursors in its own log: `committed >= sent >= brokerAcked`, and `applied`, which is central's and moves only by its
 * replies. The broker's own sequences are never progress. Times are monotonic milliseconds, passed in.
 */
export class Progress {
  #committed: number;
  #sent: number;
  #brokerAcked: number;
  #applied: number;
  #window = 1;
  /** When anything last moved while something was on its way. */
  #movedAt: number;
  /** Since when something that was sent, once or again, waits for the first move of `applied`. */
  #unmovedSince: number | undefined;
  #rewound: { readonly to: number; readonly at: number } | undefined;

  constructor(options: { readonly committed: number; readonly applied: number; readonly now: number }) {
    this.#committed = options.committed;
    // After a restart nobody knows what the broker still holds beyond `applied`: it is simply sent again.
    this.#applied = Math.min(options.applied, options.committed);
    this.#sent = this.#applied;
    this.#brokerAcked = this.#applied;
    this.#movedAt = options.now;
  }

  get committed(): number {
    return this.#committed;
  }
  get sent(): number {
    return this.#sent;
  }
  get brokerAcked(): number {
    return this.#brokerAcked;
  }
  get applied(): number {
    return this.#applied;
  }
  /** Deltas that central does not have yet. */
  get backlog(): number {
    return this.#committed - this.#applied;
  }
  get unsent(): number {
    return this.#committed - this.#sent;
  }
  get isUnderWay(): boolean {
    return this.#sent > this.#applied;
  }
  get movedAt(): number {
    return this.#movedAt;
  }
  /**
   * How long central has taken nothing although something was sent, in milliseconds. What is sent again does not begin anew; 0 while
   * central has all that was ever sent.
   */
  unmovedMs(now: number): number {
    return this.#unmovedSince === undefined ? 0 : now - this.#unmovedSince;
  }
  get rewound(): { readonly to: number; readonly at: number } | undefined {
    return this.#rewound;
  }
  /** Deltas that may be sent now without going beyond central's window. */
  get room(): number {
    return Math.max(0, this.#window - (this.#sent - this.#applied));
  }

  commit(head: number): void {
    if (head > this.#committed) this.#committed = head;
  }

  send(last: number, now: number): void {
    assert(
      last > this.#sent && last <= this.#committed,
      () => `sent ${last} outside (${this.#sent}, ${this.#committed}]`,
    );
    if (!this.isUnderWay) this.#movedAt = now;
    this.#unmovedSince ??= now;
    this.#sent = last;
  }

  /** Everything up to here is acknowledged by the broker. Says nothing about central. */
  acknowledge(upTo: number): void {
    if (upTo > this.#brokerAcked) this.#brokerAcked = Math.min(upTo, this.#sent);
  }

  /** Central's cursor and window, as just heard. May go backwards: a central restored from a backup. */
  hear(applied: number, window: number, now: number): void {
    assert(applied <= this.#committed, () => `central applied ${applied} of ${this.#committed}`);
    const hasMoved = applied !== this.#applied;
    if (hasMoved) this.#movedAt = now;
    this.#applied = applied;
    this.#window = window;
    this.#sent = Math.max(this.#sent, applied);
    if (hasMoved) this.#unmovedSince = this.isUnderWay ? now : undefined;
    this.#brokerAcked = Math.max(this.#brokerAcked, applied);
  }

  /** Central answers again after a silence: what did not move meanwhile is no stall. */
  resume(now: number): void {
    this.#movedAt = now;
    this.#unmovedSince = this.isUnderWay ? now : undefined;
  }

  /** Everything after `to` is sent again, except what central has. */
  rewind(to: number, now: number): void {
    const target = Math.max(to, this.#applied);
    this.#rewound = { to: target, at: now };
    this.#movedAt = now;
    this.#sent = Math.min(this.#sent, target);
    this.#brokerAcked = Math.min(this.#brokerAcked, this.#sent);
  }
}
