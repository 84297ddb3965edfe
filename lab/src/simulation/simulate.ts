import type { Action } from './actions.ts';
import { converge, endOrders } from './convergence.ts';
import { compileStatementsLazily } from './lazy-statements.ts';
import { lengthOf } from './life-length.ts';
import { Operator } from './operator.ts';
import { ShopFloor } from './shop-floor.ts';
import { Storefront } from './storefront.ts';
import { toothNamed } from './teeth/teeth.ts';
import { Transports } from './transports.ts';
import { Weather } from './weather.ts';
import { outlet, World } from './world.ts';

export type SimulationOptions = {
  readonly seed: number;
  /** Things that happen before everything gets well; absent = as many as the seed says. */
  readonly steps?: number | undefined;
  /** A mistake to be found, by its name. */
  readonly tooth?: string | undefined;
  /** For a test that wants to see something break. */
  readonly afterStep?: (world: World, step: number) => void;
};

export type SimulationResult = {
  readonly seed: number;
  /** What broke, with its stack; absent when everything held. */
  readonly failure?: string;
  /** What happened, the last things last. */
  readonly trace: readonly string[];
  /** Virtual milliseconds. */
  readonly durationMs: number;
  /** Steps that orders went through, movements recorded, faults that happened. */
  readonly reached: ReadonlySet<string>;
};

/** One whole life of the system, from its seed: the same seed is the same run, to the last message. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  compileStatementsLazily();
  const { seed, steps = lengthOf(seed), tooth, afterStep } = options;
  const world = new World(seed, tooth === undefined ? undefined : toothNamed(tooth).plant());
  let failure: string | undefined;
  try {
    await live(world, steps, afterStep);
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const reached = await reachedIn(world).catch(() => new Set<string>());
  const durationMs = world.clock.monotonicMs();
  await world.close();
  return {
    seed,
    trace: world.trace.last(Number.POSITIVE_INFINITY),
    durationMs,
    reached,
    ...(failure === undefined ? {} : { failure }),
  };
}

async function live(world: World, steps: number, afterStep: SimulationOptions['afterStep']): Promise<void> {
  const { chance } = world;
  const [floor, shop, weather] = [new ShopFloor(world), new Storefront(world), new Weather(world)];
  const transports = new Transports(world, floor);
  const operator = new Operator(world, floor);
  await world.central.start();
  await world.pass(1_000);
  await world.central.life?.promises.setChannel({ channel: outlet, warehouses: 'all', buffer: 0 });
  await floor.stock();
  await world.pass(2_000);
  const actions = moodOf(world, [
    ...floor.actions,
    ...transports.actions,
    ...shop.actions,
    ...weather.actions,
    ...(world.hasBadDisks ? operator.actions : []),
  ]);
  for (let step = 0; step < steps; step += 1) {
    // Some things happen in the same turn.
    const count = chance.weighed([1, 2, 4].map((option) => ({ weight: 1 / option, option })));
    for (let n = 0; n < count; n += 1) {
      const { name, act } = chance.weighed(actions);
      world.reached.add(name);
      world.start(act());
    }
    await world.pass(chance.weighed([0, 20, 200, 1_000].map((option) => ({ weight: 1, option }))));
    afterStep?.(world, step);
  }
  world.trace.note('nothing goes wrong from here on');
  await weather.clear();
  await converge(world, operator);
  await endOrders(world, operator);
}

/** Every run has its own mood: some things happen in it all the time, others never. That reaches what an even mix never would. */
function moodOf({ chance }: World, actions: readonly Action[]) {
  return actions.map((option) => ({ weight: option.weight * chance.one([0, 0.5, 1, 1, 3]), option }));
}

async function reachedIn(world: World): Promise<ReadonlySet<string>> {
  const reached = new Set(world.reached);
  for (const { history } of (await world.promises.books()).orders) for (const { step } of history) reached.add(step);
  for (const { audit } of world.nodes) for (const kind of audit.kinds) reached.add(kind);
  if (world.broker.damagedChunks > 0) reached.add('chunk damaged');
  for (const { warehouse } of world.nodes) {
    if ((await world.central.store.snapshotOf(warehouse)) !== undefined) reached.add('snapshot taken');
  }
  return reached;
}
