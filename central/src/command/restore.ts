import { systemClock } from '@edgestock/shared/runtime/clock';
import { DataDirectoryInUse } from '@edgestock/shared/sqlite/process-lock';
import { defineCommand } from 'citty';
import { type RestoredCentral, restoreCentral } from '../store/sqlite/central-backup.ts';
import { directoryOfStore } from './directory-of-store.ts';
import { heldText } from './held-text.ts';

/** A central runs on the directory. */
class CentralIsRunning extends Error {
  override readonly name = 'CentralIsRunning';
  readonly exitCode = 2;
  readonly hint = 'Stop it first: nothing was changed.';
}

/** `edgestock central restore`: a backup in the place of central's store. */
export const restoreCommand = defineCommand({
  meta: {
    name: 'restore',
    description: `Put a backup in the place of central's store. Central must not be running.
A restored central begins a new epoch: its nodes send again what it lacks, and it promises nothing of a warehouse before it has
heard that warehouse's node and caught up with it. What nodes ship for orders that it has forgotten is listed under
/v1/unknown-tasks. Policies, catalogue items and channels that were set since the backup have to be set again.
A store in a PostgreSQL database is restored with that server's own means, and then told so: edgestock central restored.

  edgestock central restore --from /mnt/backup/central-monday.db --data-dir /var/lib/edgestock/central --replace

Exit code: 0 restored, 1 nothing was changed, 2 a central runs on the directory.`,
  },
  args: {
    from: { type: 'string', required: true, description: 'File that a backup has written', valueHint: 'FILE' },
    'data-dir': {
      type: 'string',
      description: 'Directory of the store; without it data/central',
      valueHint: 'DIR',
    },
    replace: { type: 'boolean', description: 'A store that is there is kept aside under another name' },
    json: { type: 'boolean', description: 'Print what was restored as one JSON object' },
  },
  async run({ args }) {
    const dataDirectory = directoryOfStore({ EDGESTOCK_CENTRAL_DATA_DIR: args['data-dir'] });
    const restored = await restoredStore({ from: args.from, dataDirectory, replace: args.replace === true });
    if (args.json === true) {
      console.log(JSON.stringify({ ...restored, backedUpAt: new Date(restored.backedUpAt).toISOString() }));
      return;
    }
    console.log(restoredText(restored).join('\n'));
  },
});

/** What was restored, in lines. */
export function restoredText({
  path,
  backedUpAt,
  newEpoch,
  kept,
  movedTo,
  ...held
}: RestoredCentral): readonly string[] {
  const at = new Date(backedUpAt).toISOString();
  return [
    `Central is restored in ${path}, as of ${at}; its epoch is ${newEpoch}.`,
    ...heldText(held),
    ...(kept === undefined ? [] : [`What was there is kept in ${kept}.`]),
    ...(movedTo === undefined
      ? []
      : [
          `It had been moved to ${movedTo}: see that no central runs there any more, or both promise the same units. To go on with that one instead, leave this one alone.`,
        ]),
    'Start central. It promises nothing of a warehouse before it has heard its node; /v1/status lists those under notCounted.',
  ];
}

async function restoredStore(options: {
  readonly from: string;
  readonly dataDirectory: string;
  readonly replace: boolean;
}): Promise<RestoredCentral> {
  try {
    return await restoreCentral({ ...options, now: systemClock.now() });
  } catch (cause) {
    if (!(cause instanceof DataDirectoryInUse)) throw cause;
    throw new CentralIsRunning(`a central runs on ${options.dataDirectory}`, { cause });
  }
}
