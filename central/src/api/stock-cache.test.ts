import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { OfferedStock } from '../store/central-store.ts';
import { skuOf } from '../testing/node-log.ts';
import { ChangeNotVisible, StockCache } from './stock-cache.ts';

const A = skuOf('A');

/** A store whose commits, reads and notices a test can put in any order. */
class SlowReader {
  revision = 0;
  reads = 0;
  readonly #underWay: (() => void)[] = [];

  async availability(): Promise<OfferedStock> {
    this.reads += 1;
    // What was committed when the read began; it arrives when the test lets it.
    const { revision } = this;
    await new Promise<void>((resolve) => this.#underWay.push(resolve));
    return { sku: A, available: revision, revision, warehouses: [] };
  }

  /** Lets the oldest read under way arrive, with all that follows from it. */
  async arrive(): Promise<void> {
    this.#underWay.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  get isIdle(): boolean {
    return this.#underWay.length === 0;
  }
}

function setup() {
  const reader = new SlowReader();
  return { reader, cache: new StockCache(reader, 64 * 1024) };
}

describe('the kept stocks', () => {
  test('are read once for everyone who asks at the same time, and then kept', async () => {
    const { reader, cache } = setup();
    reader.revision = 3;
    const asked = [cache.load(A, DEFAULT_CHANNEL), cache.load(A, DEFAULT_CHANNEL)];
    await reader.arrive();
    expect((await Promise.all(asked)).map(({ revision }) => revision)).toEqual([3, 3]);
    expect(reader.reads).toBe(1);
    expect(cache.get(A, DEFAULT_CHANNEL)?.revision).toBe(3);
  });

  test('are dropped by a notice of something newer, and not by one of what they show', async () => {
    const { reader, cache } = setup();
    reader.revision = 3;
    void cache.load(A, DEFAULT_CHANNEL);
    await reader.arrive();
    cache.drop([{ sku: A, revision: 3 }]);
    expect(cache.get(A, DEFAULT_CHANNEL)?.revision).toBe(3);
    cache.drop([{ sku: A, revision: 4 }]);
    expect(cache.get(A, DEFAULT_CHANNEL)).toBeUndefined();
  });

  test('are read again when the notice came while they were read', async () => {
    const { reader, cache } = setup();
    const asked = cache.load(A, DEFAULT_CHANNEL);
    reader.revision = 1;
    cache.drop([{ sku: A, revision: 1 }]);
    await reader.arrive();
    await reader.arrive();
    expect((await asked).revision).toBe(1);
    expect(reader.reads).toBe(2);
  });

  test('are not kept from a read that began before everything was forgotten', async () => {
    const { reader, cache } = setup();
    const asked = cache.load(A, DEFAULT_CHANNEL);
    cache.clear();
    await reader.arrive();
    await asked;
    expect(cache.get(A, DEFAULT_CHANNEL)).toBeUndefined();
  });

  test('are refused from a store that never shows what it gave notice of', async () => {
    const { reader, cache } = setup();
    const asked = cache.load(A, DEFAULT_CHANNEL);
    const refused = expect(asked).rejects.toBeInstanceOf(ChangeNotVisible);
    cache.drop([{ sku: A, revision: 9 }]);
    while (!reader.isIdle) await reader.arrive();
    await refused;
    expect(cache.get(A, DEFAULT_CHANNEL)).toBeUndefined();
  });

  const step = fc.constantFrom('commit', 'notice', 'ask', 'arrive', 'forget');
  property.prop([fc.array(step, { maxLength: 40 })])(
    'are never older than the last notice before the question, in whatever order things happen',
    async (steps) => {
      const { reader, cache } = setup();
      const answers: Promise<void>[] = [];
      let noticed = 0;
      for (const doing of steps) {
        if (doing === 'commit') reader.revision += 1;
        else if (doing === 'arrive') await reader.arrive();
        else if (doing === 'forget') cache.clear();
        else if (doing === 'notice') {
          noticed = reader.revision;
          cache.drop([{ sku: A, revision: noticed }]);
        } else {
          const least = noticed;
          const kept = cache.get(A, DEFAULT_CHANNEL);
          if (kept !== undefined) expect(kept.revision).toBeGreaterThanOrEqual(least);
          else
            answers.push(
              cache.load(A, DEFAULT_CHANNEL).then((part) => expect(part.revision).toBeGreaterThanOrEqual(least)),
            );
        }
      }
      while (!reader.isIdle) await reader.arrive();
      await Promise.all(answers);
      const kept = cache.get(A, DEFAULT_CHANNEL);
      if (kept !== undefined) expect(kept.revision).toBeGreaterThanOrEqual(noticed);
    },
  );
});
