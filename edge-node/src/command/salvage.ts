import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { defineCommand } from 'citty';
import { type Salvaged, salvageNode } from '../store/edge-salvage.ts';
import { onStoppedNode } from './stopped-node.ts';

/** `edgestock edge salvage`: what can be read of damaged books, in new ones. */
export const salvageCommand = defineCommand({
  meta: {
    name: 'salvage',
    description: `Take what can be read of a node's damaged database into a new one, which takes its place. The node must not be running.
The damaged one is kept aside and only read. Move the directory to a sound disk first. The node sells at once on what was
salvaged, and promises nothing until \`edgestock edge rejoin\` has added what central has of its log.

  edgestock edge salvage --data-dir /var/lib/edgestock/BER1 --warehouse BER1

Exit code: 0 salvaged, 1 nothing was changed (a sound database is left alone), 2 a node runs on the directory.`,
  },
  args: {
    'data-dir': { type: 'string', required: true, description: 'Directory of the node', valueHint: 'DIR' },
    warehouse: { type: 'string', required: true, description: 'Whose books they are', valueHint: 'BER1' },
    json: { type: 'boolean', description: 'Print what was salvaged as one JSON object' },
  },
  run({ args }) {
    const { warehouse: id, 'data-dir': dataDir } = args;
    const salvaged = onStoppedNode({ dataDir, warehouse: id }, (warehouse) =>
      salvageNode({ dataDir, warehouse, instance: systemRandom.hex(16), now: systemClock.now() }),
    );
    console.log(args.json === true ? JSON.stringify(salvaged) : inWords(salvaged));
  },
});

function inWords({ warehouse, path, kept, findings, movements, missing, altered, tables }: Salvaged): string {
  const torn = tables.filter(({ isWhole }) => !isWhole).map(({ table }) => table);
  return [
    `What can be read of ${warehouse} is in ${path}: ${movements.toLocaleString('en')} movements of its log.`,
    `It lacks ${missing.toLocaleString('en')} movements, ${altered.toLocaleString('en')} of them because they are not what was written.`,
    ...(torn.length === 0 ? [] : [`Could not be read whole: ${torn.join(', ')}.`]),
    `The damaged database is kept in ${kept}. What was found: ${findings.join('; ')}`,
    'Start the node. It sells at once and promises nothing; then let it take back what central has: edgestock edge rejoin.',
  ].join('\n');
}
