import { systemRandom } from '@edgestock/shared/runtime/random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { expect, it } from 'vitest';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { PostgresDatabase } from './session.ts';
import { Transactions } from './transactions.ts';

/** A server that stands still until it is told otherwise, and how often somebody tried. */
class StandingServer {
  attempts = 0;
  isBack = false;
  readonly clock = new VirtualClock();
  readonly transactions = new Transactions({ transaction: () => this.#transaction() } as unknown as PostgresDatabase, {
    clock: this.clock,
    random: systemRandom,
  });

  /** What a transaction comes to, with all the waiting it takes. */
  async outcome(): Promise<unknown> {
    let told: unknown;
    void this.transactions
      .run(async () => undefined)
      .then(
        (result) => {
          told = result;
        },
        (error: unknown) => {
          told = error;
        },
      );
    while (told === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.clock.advance(50);
    }
    return told;
  }

  async #transaction(): Promise<unknown> {
    this.attempts += 1;
    if (this.isBack) return 'done';
    // A statement without an answer, then connections that are never made.
    await this.clock.advance(this.attempts === 1 ? 25_000 : 5_000);
    throw Object.assign(new Error('write CONNECT_TIMEOUT'), { code: 'CONNECT_TIMEOUT' });
  }
}

it('tells of a server that stands still after the second attempt, and from then on after one, until it is back', async () => {
  const server = new StandingServer();
  expect(await server.outcome()).toBeInstanceOf(StoreUnavailable);
  expect(server.attempts).toBe(2);
  expect(await server.outcome()).toBeInstanceOf(StoreUnavailable);
  expect(server.attempts).toBe(3);
  server.isBack = true;
  expect(await server.outcome()).toBe('done');
  server.isBack = false;
  expect(await server.outcome()).toBeInstanceOf(StoreUnavailable);
  expect(server.attempts).toBeGreaterThan(5);
});
