import { systemClock } from '@edgestock/shared/runtime/clock';
import { defineCommand } from 'citty';
import { restoreNode } from '../store/edge-backup.ts';
import { onStoppedNode } from './stopped-node.ts';

/** `edgestock edge restore`: a backup in the place of a node's books. */
export const restoreCommand = defineCommand({
  meta: {
    name: 'restore',
    description: `Put a backup in the place of a node's books. The node must not be running.
A restored node sells at once. It promises nothing (no reservations, no quota) until central has recognised its log; where
central knows more than the backup, \`edgestock edge rejoin\` takes back what is missing.

  edgestock edge restore --from /mnt/backup/BER1-monday.sqlite --data-dir /var/lib/edgestock/BER1 --warehouse BER1

Exit code: 0 restored, 1 nothing was changed, 2 a node runs on the directory.`,
  },
  args: {
    from: { type: 'string', required: true, description: 'File that a backup has written', valueHint: 'FILE' },
    'data-dir': { type: 'string', required: true, description: 'Directory of the node', valueHint: 'DIR' },
    warehouse: { type: 'string', required: true, description: 'Whose backup it should be', valueHint: 'BER1' },
    replace: { type: 'boolean', description: 'Books that are there are kept aside under another name' },
    json: { type: 'boolean', description: 'Print what was restored as one JSON object' },
  },
  run({ args }) {
    const { from, warehouse: id, replace = false, 'data-dir': dataDir } = args;
    const restored = onStoppedNode({ dataDir, warehouse: id }, (owner) =>
      restoreNode({ from, dataDir, warehouse: owner, replace, now: systemClock.now() }),
    );
    const { backupAt, ...said } = restored;
    const madeAt = new Date(backupAt).toISOString();
    if (args.json === true) {
      console.log(JSON.stringify({ ...said, backupAt: madeAt }));
      return;
    }
    const { warehouse, sequence, path, kept } = restored;
    console.log(
      [
        `${warehouse} is restored in ${path}: up to movement ${sequence.toLocaleString('en')}, as of ${madeAt}.`,
        ...(kept === undefined ? [] : [`What was there is kept in ${kept}.`]),
        'Start the node. It sells at once and promises nothing until central has recognised its log; see edgestock status.',
      ].join('\n'),
    );
  },
});
