import type { Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { ChangeNotice, OfferedStock } from '../store/central-store.ts';
import { skuOf } from '../testing/node-log.ts';
import { ChangeMarks } from './change-marks.ts';
import { type KeptTexts, SharedStock } from './shared-stock.ts';

const SKUS = ['A', 'B'].map(skuOf);

/** A store whose every change gives its SKU a revision, with as many units: what is answered says how old it is. */
class ModelStore {
  revision = 0;
  readonly #revisions = new Map<Sku, number>();

  change(sku: Sku): void {
    this.revision += 1;
    this.#revisions.set(sku, this.revision);
  }

  revisionOf(sku: Sku): number {
    return this.#revisions.get(sku) ?? 0;
  }

  async noticesAfter(revision: number, limit: number): Promise<readonly ChangeNotice[]> {
    return [...this.#revisions]
      .map(([sku, at]) => ({ sku, revision: at }))
      .filter((notice) => notice.revision > revision)
      .sort((a, b) => a.revision - b.revision)
      .slice(0, limit);
  }
}

/** Texts of a Redis that a test can lose. */
class ModelTexts implements KeptTexts {
  readonly isUp = true;
  readonly failures = 0;
  readonly texts = new Map<string, string>();

  async get(key: string): Promise<string | undefined> {
    return this.texts.get(key);
  }

  set(key: string, text: string): void {
    this.texts.set(key, text);
  }
}

/** A process of central: what its feed has told it, and reads of the store that arrive when the test lets them. */
class ModelProcess {
  readonly stock: SharedStock;
  readonly #store: ModelStore;
  readonly #underWay: (() => void)[] = [];
  /** Of each SKU, the revision that this process is bound to show. */
  readonly told = new Map<Sku, number>();
  #seen: number;
  reads = 0;
  isTrusted = true;

  constructor(store: ModelStore, texts: KeptTexts) {
    this.#store = store;
    this.stock = new SharedStock({
      reader: { availability: (sku) => this.#read(sku) },
      texts,
      isTrusted: () => this.isTrusted,
      marks: new ChangeMarks(64),
    });
    this.#seen = store.revision;
    for (const sku of SKUS) this.told.set(sku, store.revisionOf(sku));
    this.stock.begin('life', this.#seen);
  }

  async look(isMuch: boolean): Promise<void> {
    const notices = await this.#store.noticesAfter(this.#seen, 99);
    this.#seen = this.#store.revision;
    for (const { sku, revision } of notices) this.told.set(sku, revision);
    if (isMuch) this.stock.muchChanged(this.#seen);
    else this.stock.changed(notices, this.#seen);
  }

  arrive(): void {
    for (const arrived of this.#underWay.splice(0)) arrived();
  }

  async #read(sku: Sku): Promise<OfferedStock> {
    this.reads += 1;
    const revision = this.#store.revisionOf(sku);
    await new Promise<void>((resolve) => this.#underWay.push(resolve));
    return { sku, available: revision, revision, warehouses: [] };
  }
}

const sku = fc.constantFrom(...SKUS);
const of = fc.nat({ max: 2 });
/** Most reads arrive at once: a slow one leaves what it has read for the others long after. */
const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('change' as const), sku }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('ask' as const, 'ask-slowly' as const), sku, of }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('look' as const, 'much' as const, 'arrive' as const), of }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'look-back' as const), of }) },
);

property.prop([fc.array(action, { minLength: 10, maxLength: 60 })], { numRuns: 300 })(
  'nobody is told what is older than the feed of the process that answers has told it',
  async (actions) => {
    const store = new ModelStore();
    const texts = new ModelTexts();
    const processes = [0, 1, 2].map(() => new ModelProcess(store, texts));
    const answers: { readonly bound: number; readonly revision: number }[] = [];
    for (const step of actions) {
      const one = must(processes['of' in step ? step.of : 0], 'one of three');
      if (step.kind === 'change') store.change(step.sku);
      else if (step.kind === 'ask' || step.kind === 'ask-slowly') {
        const bound = one.told.get(step.sku) ?? 0;
        const answered = one.stock.availability(step.sku, DEFAULT_CHANNEL);
        void answered.then(({ revision }) => answers.push({ bound, revision }));
        await settled();
        if (step.kind === 'ask') one.arrive();
      } else if (step.kind === 'arrive') one.arrive();
      else if (step.kind === 'restart') processes[step.of] = new ModelProcess(store, texts);
      else if (step.kind === 'look-back') await one.stock.lookBack(store);
      else await one.look(step.kind === 'much');
      await settled();
    }
    for (const one of processes) one.arrive();
    await settled();
    expect(answers.filter(({ bound, revision }) => revision < bound)).toEqual([]);
  },
);

/** Everything has happened that waits for nothing but its turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await undefined;
}

function pair() {
  const store = new ModelStore();
  const texts = new ModelTexts();
  return { store, texts, one: new ModelProcess(store, texts), other: new ModelProcess(store, texts) };
}

async function ask(process: ModelProcess, sku = skuOf('A')): Promise<number> {
  const answered = process.stock.availability(sku, DEFAULT_CHANNEL);
  await settled();
  process.arrive();
  return (await answered).available;
}

test('what one has read serves the others, until it changes', async () => {
  const { store, one, other } = pair();
  store.change(skuOf('A'));
  await one.look(false);
  await other.look(false);
  expect([await ask(one), await ask(other), other.reads]).toEqual([1, 1, 0]);
  store.change(skuOf('A'));
  await other.look(false);
  expect([await ask(other), other.reads]).toEqual([2, 1]);
  // The first one has not heard of the change, and may go on with what was kept.
  expect([await ask(one), one.reads]).toEqual([2, 1]);
  expect(other.stock.report).toMatchObject({ hits: 1, misses: 1 });
});

test('a process that has just begun takes what others kept only after it has looked back', async () => {
  const { store, texts, one } = pair();
  store.change(skuOf('B'));
  await one.look(false);
  await ask(one);
  store.change(skuOf('C'));
  const fresh = new ModelProcess(store, texts);
  expect([await ask(fresh), fresh.reads]).toEqual([0, 1]);
  const next = new ModelProcess(store, new ModelTexts());
  const later = new ModelProcess(store, texts);
  await later.stock.lookBack(store);
  expect([await ask(later), later.reads]).toEqual([0, 0]);
  expect([await ask(next), next.reads]).toEqual([0, 1]);
});

test('another life of the store has nothing of the one before', async () => {
  const { store, one, other } = pair();
  store.change(skuOf('A'));
  await one.look(false);
  await ask(one);
  other.stock.begin('another', 0);
  expect([await ask(other), other.reads]).toEqual([1, 1]);
  one.stock.forget();
  expect([await ask(one), one.reads]).toEqual([1, 2]);
});

test('a feed that is too old proves nothing', async () => {
  const { store, one, other } = pair();
  store.change(skuOf('A'));
  await one.look(false);
  await ask(one);
  await other.look(false);
  other.isTrusted = false;
  expect([await ask(other), other.reads]).toEqual([1, 1]);
  other.isTrusted = true;
  expect([await ask(other), other.reads]).toEqual([1, 1]);
});
