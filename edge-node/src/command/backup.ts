import { systemClock } from '@edgestock/shared/runtime/clock';
import { defineCommand } from 'citty';
import { backUpNode } from '../store/edge-backup.ts';

/** `edgestock edge backup`: a whole copy of a node's books, while it runs. */
export const backupCommand = defineCommand({
  meta: {
    name: 'backup',
    description: `Copy the books of a node into one file, checked and flushed, while the node runs or not.
The copy says of itself that it is a backup. A copy made with cp need not be whole: use this.

  edgestock edge backup --data-dir /var/lib/edgestock/BER1 --to /mnt/backup/BER1-monday.sqlite

Exit code: 0 the file is whole, 1 nothing was written (an existing file is never overwritten).`,
  },
  args: {
    'data-dir': { type: 'string', required: true, description: 'Directory of the node', valueHint: 'DIR' },
    to: { type: 'string', required: true, description: 'File to write; it must not exist', valueHint: 'FILE' },
    json: { type: 'boolean', description: 'Print what was written as one JSON object' },
  },
  run({ args }) {
    const backup = backUpNode({ dataDir: args['data-dir'], to: args.to, now: systemClock.now() });
    const { backupAt, ...said } = backup;
    if (args.json === true) {
      console.log(JSON.stringify({ ...said, backupAt: new Date(backupAt).toISOString() }));
      return;
    }
    const { warehouse, sequence, bytes, path } = backup;
    const size = `${(bytes / 1_048_576).toFixed(1)} MiB`;
    console.log(`${warehouse} up to movement ${sequence.toLocaleString('en')} is in ${path} (${size}), checked.`);
  },
});
