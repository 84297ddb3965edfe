import { systemClock } from '@edgestock/shared/runtime/clock';
import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';
import { defineCommand } from 'citty';
import { readCentralConfig } from '../config.ts';
import { openDatabaseAlone } from '../open-store.ts';
import { shownPlace } from '../store/store-place.ts';

/** The store is a file, for which there is another command. */
export class StoreIsFile extends OperatingFailure {
  override readonly name = 'StoreIsFile';

  constructor(message: string, directory?: string) {
    const where = directory === undefined ? '' : ` --data-dir ${directory}`;
    super(message, `Put a backup in place with edgestock central restore${where}: it begins the next epoch by itself.`);
  }
}

const DEFAULT_REASON = 'the database was restored from a backup';

/** `edgestock central restored`: a database that was put back to an earlier state by its server's means. */
export const restoredCommand = defineCommand({
  meta: {
    name: 'restored',
    description: `Tell central's store that its PostgreSQL database was put back to an earlier state. Central must not be running.
A restored central begins a new epoch: its nodes send again what it lacks, and it promises nothing of a warehouse before it has
heard that warehouse's node and caught up with it. Nodes find it out by themselves when this was forgotten, but later: run it
after each pg_restore and each point-in-time recovery, and after a failover to a replica that may have been behind.

  edgestock central restored --store postgres://edgestock@db.example:5432/edgestock

Exit code: 0 the next epoch has begun, 1 nothing was changed, 2 the same, since a central is connected to the database.`,
  },
  args: {
    store: {
      type: 'string',
      description: 'Address of the database; without it what the environment says (EDGESTOCK_CENTRAL_STORE)',
      valueHint: 'postgres://user@host/edgestock',
    },
    reason: { type: 'string', description: 'Why, for whoever looks back', valueHint: 'TEXT' },
    json: { type: 'boolean', description: 'Print what was begun as one JSON object' },
  },
  async run({ args }) {
    const storeUrl = databaseOf(args.store);
    const place = { kind: 'postgresql', url: storeUrl } as const;
    const store = await openDatabaseAlone(storeUrl);
    try {
      const before = await store.centralEpoch();
      const reason = args.reason ?? DEFAULT_REASON;
      const { centralEpoch } = await store.beginEpoch({ heard: before, reason }, systemClock.now());
      const warehouses = await store.warehouses();
      const held = warehouses.map(({ warehouse, appliedUpTo }) => ({ warehouse, appliedUpTo }));
      if (args.json === true) {
        console.log(
          JSON.stringify({ store: shownPlace(place), epochBefore: before, newEpoch: centralEpoch, warehouses: held }),
        );
        return;
      }
      console.log(begunText({ centralEpoch, before, held }).join('\n'));
    } finally {
      await store.close();
    }
  },
});

/** The address of the database. Throws `StoreIsFile`, in the words of who named one as `edgestock central move` takes it. */
export function databaseOf(store: string | undefined): string {
  const [, directory] = /^sqlite:(.+)$/s.exec(store ?? '') ?? [];
  if (directory !== undefined) throw new StoreIsFile(`${store} is a file, and no database`, directory);
  const { storeUrl } = readCentralConfig({ EDGESTOCK_CENTRAL_STORE: store });
  if (storeUrl === undefined) throw new StoreIsFile("central's store is a file in its data directory");
  return storeUrl;
}

/** What was begun, in lines. A database that knows no warehouse is more likely another one than one that was put back. */
export function begunText({
  centralEpoch,
  before,
  held,
}: {
  readonly centralEpoch: number;
  readonly before: number;
  readonly held: readonly { readonly warehouse: string; readonly appliedUpTo: number }[];
}): readonly string[] {
  const begins = `Epoch ${centralEpoch} begins, after ${before}.`;
  if (held.length === 0) {
    return [`${begins} The database knows no warehouse: see that it is the one that was put back.`];
  }
  return [
    `${begins} The database knows:`,
    ...held.map(({ warehouse, appliedUpTo }) => `  ${warehouse} up to movement ${appliedUpTo.toLocaleString('en')}`),
    'Start central. It promises nothing of a warehouse before it has heard its node; /v1/status lists those under notCounted.',
  ];
}
