import { systemClock } from '@edgestock/shared/runtime/clock';
import { defineCommand } from 'citty';
import { backUpCentral } from '../store/sqlite/central-backup.ts';
import { directoryOfStore } from './directory-of-store.ts';
import { heldText } from './held-text.ts';

/** `edgestock central backup`: a whole copy of central's store, while it runs. */
export const backupCommand = defineCommand({
  meta: {
    name: 'backup',
    description: `Copy the store of central into one file, checked and flushed, while central runs or not.
The copy says of itself that it is a backup. A copy made with cp need not be whole: use this. A store in a PostgreSQL database
is backed up with that server's own means. One that was moved away is refused, with where the store in use is.

  edgestock central backup --data-dir /var/lib/edgestock/central --to /mnt/backup/central-monday.db

Exit code: 0 the file is whole, 1 nothing was written (an existing file is never overwritten).`,
  },
  args: {
    'data-dir': {
      type: 'string',
      description: 'Directory of the store; without it data/central',
      valueHint: 'DIR',
    },
    to: { type: 'string', required: true, description: 'File to write; it must not exist', valueHint: 'FILE' },
    json: { type: 'boolean', description: 'Print what was written as one JSON object' },
  },
  run({ args }) {
    const dataDirectory = directoryOfStore({ EDGESTOCK_CENTRAL_DATA_DIR: args['data-dir'] });
    const { backedUpAt, ...said } = backUpCentral({ dataDirectory, to: args.to, now: systemClock.now() });
    const at = new Date(backedUpAt).toISOString();
    if (args.json === true) {
      console.log(JSON.stringify({ ...said, backedUpAt: at }));
      return;
    }
    const size = `${(said.bytes / 1_048_576).toFixed(1)} MiB`;
    console.log([`The store as of ${at} is in ${said.path} (${size}), checked.`, ...heldText(said)].join('\n'));
  },
});
