import { must } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Demand } from '../../api/shop-api.ts';
import type { Picked, SiteApi, Task, TaskLine } from '../../api/site-api.ts';
import type { Shelves } from './shelves.ts';

export type PickerOptions = {
  readonly sites: ReadonlyMap<string, Pick<SiteApi, 'openTasks' | 'pick' | 'ship'>>;
  readonly shelves: Shelves;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Share of picked lines of which a unit turns out to be lost. */
  readonly lostShare: number;
  /** A task has left, all of it or less. */
  readonly onShipped?: (warehouse: string, shipped: Shipped) => void;
};

/** What became of one task at the shelf. */
export type Shipped = {
  readonly task: string;
  readonly lines: { readonly shipped: readonly Demand[]; readonly lost: readonly Demand[] };
  /** Units of it that somebody else had carried away. */
  readonly freed: number;
};

const LOOK_PAUSE_MS = 100;

/** In every warehouse somebody who picks and ships what central's orders ask for, until `signal`. */
export async function runPickers(options: PickerOptions): Promise<void> {
  await Promise.all([...options.sites.keys()].map((warehouse) => pickAt(warehouse, options)));
}

async function pickAt(warehouse: string, options: PickerOptions): Promise<void> {
  const { sites, clock, signal, onShipped } = options;
  const site = sites.get(warehouse);
  while (site !== undefined && !signal.aborted) {
    for (const task of await site.openTasks()) {
      if (signal.aborted) return;
      const shipped = await pickAndShip(warehouse, task, options);
      if (shipped) onShipped?.(warehouse, shipped);
    }
    await clock.sleep(LOOK_PAUSE_MS, signal);
  }
}

/** Undefined when central has changed the task meanwhile: then what was found goes back to its shelf. */
async function pickAndShip(
  warehouse: string,
  { task, lines }: Task,
  options: PickerOptions,
): Promise<Shipped | undefined> {
  const site = must(options.sites.get(warehouse), 'every warehouse has its node');
  const found = lines.filter(({ open }) => open > 0).map((line) => foundOf(warehouse, line, options));
  const putBack = (sku: string, units: number) => options.shelves.put(warehouse, sku, units);
  const said = found.map(({ sku, picked, missing }) => ({ sku, picked, ...(missing && { missing }) }));
  const reply = await site.pick(task, said);
  if (reply.reply === 'refused') {
    for (const { sku, picked, lost } of found) putBack(sku, picked + lost);
    return undefined;
  }
  const picked = sumOf(found, 'picked');
  const shipping = picked > 0 ? await site.ship(task) : undefined;
  const shipped = shipping?.reply === 'done' ? shipping.told.lines : [];
  // What central took back between pick and parcel stays.
  for (const line of found) {
    putBack(line.sku, line.picked - (shipped.find(({ sku }) => sku === line.sku)?.shipped ?? 0));
  }
  return {
    task,
    lines: {
      shipped: shipped.map((line) => ({ sku: line.sku, quantity: line.shipped })),
      lost: found.map(({ sku, lost }) => ({ sku, quantity: lost })).filter(({ quantity }) => quantity > 0),
    },
    freed: sumOf(found, 'freed'),
  };
}

type Found = Picked & { readonly freed: number; readonly lost: number };

/** What lies there of a line. What a customer has carried to the till is `elsewhere`; now and then a unit is really gone. */
function foundOf(
  warehouse: string,
  { sku, open }: Pick<TaskLine, 'sku' | 'open'>,
  { shelves, random, lostShare }: PickerOptions,
): Found {
  const taken = shelves.take(warehouse, sku, open);
  if (taken < open) return { sku, picked: taken, missing: 'elsewhere', freed: open - taken, lost: 0 };
  if (random.fraction() >= lostShare) return { sku, picked: taken, freed: 0, lost: 0 };
  return { sku, picked: taken - 1, missing: 'lost', freed: 0, lost: 1 };
}

function sumOf(found: readonly Found[], name: 'picked' | 'freed'): number {
  return found.reduce((sum, line) => sum + line[name], 0);
}
