import { silentLog } from '@edgestock/shared/runtime/log';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { LaneKeeper } from './lane-keeper.ts';

const { laneTermMs, laneBeatMs, laneMarginMs } = centralLimits;

/** Leases as the database keeps them, by the same clock. */
class Leases {
  readonly #clock: VirtualClock;
  readonly owners = new Map<number, { readonly worker: string; readonly until: number }>();
  readonly #alive = new Map<string, number>();
  isAway = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  ownedBy(worker: string): readonly number[] {
    return [...this.owners].flatMap(([lane, owner]) => (owner.worker === worker && this.#isValid(owner) ? [lane] : []));
  }

  async beat(worker: string, termMs: number) {
    this.#ask();
    this.#alive.set(worker, this.#clock.monotonicMs() + termMs);
    const owned = this.ownedBy(worker);
    for (const lane of owned) this.#give(lane, worker, termMs);
    const now = this.#clock.monotonicMs();
    return { workers: [...this.#alive.values()].filter((until) => until > now).length, owned };
  }

  async claim(worker: string, lanesMax: number, termMs: number) {
    this.#ask();
    const free = [0, 1, 2, 3].filter((lane) => !this.#isValid(this.owners.get(lane))).slice(0, lanesMax);
    for (const lane of free) this.#give(lane, worker, termMs);
    return free;
  }

  async release(worker: string, lanes: readonly number[]) {
    this.#ask();
    for (const lane of lanes) if (this.owners.get(lane)?.worker === worker) this.owners.delete(lane);
  }

  async leave(worker: string) {
    this.#ask();
    await this.release(worker, this.ownedBy(worker));
    this.#alive.delete(worker);
  }

  #give(lane: number, worker: string, termMs: number): void {
    this.owners.set(lane, { worker, until: this.#clock.monotonicMs() + termMs });
  }

  #isValid(owner: { readonly until: number } | undefined): boolean {
    return owner !== undefined && owner.until > this.#clock.monotonicMs();
  }

  #ask(): void {
    if (this.isAway) throw new StoreUnavailable('nobody listens');
  }
}

let clock: VirtualClock;
let leases: Leases;
let events: string[];
let isLinkUp: boolean;
beforeEach(() => {
  clock = new VirtualClock();
  leases = new Leases(clock);
  events = [];
  isLinkUp = true;
});

function keeper(worker: string): LaneKeeper {
  return new LaneKeeper({
    ...{ shared: leases, worker, lanes: 4, clock, log: silentLog },
    isAble: () => isLinkUp,
    onGained: async (lanes) => void events.push(`${worker} gains ${lanes}`),
    onLost: async (lanes) => void events.push(`${worker} loses ${lanes}`),
    onFailed: (error) => {
      throw error;
    },
  });
}

it('has all while it is alone, and gives half to a second one, having let go of it first', async () => {
  const one = keeper('one');
  await clock.advance(1);
  expect(one.owned).toEqual([0, 1, 2, 3]);
  const { release } = leases;
  leases.release = async (worker, lanes) => {
    events.push(`${worker} releases ${lanes}`);
    await release.call(leases, worker, lanes);
  };
  const two = keeper('two');
  await clock.advance(laneBeatMs * 2 + 1);
  expect([one.owned, two.owned]).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(events).toEqual(['one gains 0,1,2,3', 'one loses 2,3', 'one releases 2,3', 'two gains 2,3']);
  expect([one.owns(2), two.owns(2)]).toEqual([false, true]);
});

it('takes over what one that died has had, within a term and a beat', async () => {
  leases.owners.set(1, { worker: 'dead', until: laneTermMs });
  const one = keeper('one');
  await clock.advance(1);
  expect(one.owned).toEqual([0, 2, 3]);
  await clock.advance(laneTermMs + laneBeatMs);
  expect(one.owned).toEqual([0, 1, 2, 3]);
});

it('stops before its term ends when it cannot renew it', async () => {
  const one = keeper('one');
  await clock.advance(laneBeatMs + 1);
  leases.isAway = true;
  await clock.advance(laneTermMs - laneMarginMs - laneBeatMs);
  expect(one.owned).toEqual([0, 1, 2, 3]);
  await clock.advance(laneBeatMs);
  expect(events.at(-1)).toBe('one loses 0,1,2,3');
  // Nobody else can have had them before.
  expect(leases.ownedBy('one')).toEqual([0, 1, 2, 3]);
  leases.isAway = false;
  await clock.advance(laneBeatMs);
  expect(one.owned).toEqual([0, 1, 2, 3]);
});

it('leaves them to others while it has no link to the broker', async () => {
  const one = keeper('one');
  await clock.advance(1);
  isLinkUp = false;
  await clock.advance(laneBeatMs);
  expect([one.owned, leases.ownedBy('one')]).toEqual([[], []]);
  isLinkUp = true;
  await clock.advance(laneBeatMs);
  expect(one.owned).toEqual([0, 1, 2, 3]);
});

it('lets go of all of them when it is stopped, also where nobody can be told', async () => {
  const one = keeper('one');
  await clock.advance(1);
  await one.stop();
  expect(leases.ownedBy('one')).toEqual([]);
  const two = keeper('two');
  await clock.advance(1);
  leases.isAway = true;
  await two.stop();
  expect(events.at(-1)).toBe('two loses 0,1,2,3');
});
