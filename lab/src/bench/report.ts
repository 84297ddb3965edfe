import { type Figure, grouped } from './figure.ts';
import type { Machine } from './machine.ts';

/** The figures for a terminal, one line each, and in the end how many met their target. */
export function asTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.id,
    figure.met ? 'met' : 'NOT MET',
    measuredOf(figure),
    targetOf(figure),
    figure.what,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const met = figures.filter((figure) => figure.met).length;
  return [...lines, `${met} of ${figures.length} met`].join('\n');
}

/** The same as a page that stays: what was measured, on what, and how to repeat it. */
export function asMarkdown(figures: readonly Figure[], machine: Machine): string {
  const rows = figures.map(
    (figure) =>
      `| ${figure.id} | ${figure.what} | ${measuredOf(figure)} | ${figure.floorIs ?? 'absolute'} | ${targetOf(figure)} | ${figure.met ? 'met' : '**not met**'} |`,
  );
  // Figures of one run share some notes.
  const notes = new Set(figures.flatMap((figure) => figure.notes.map((note) => `- ${figure.id}: ${note}.`)));
  return [
    '# What was measured',
    '',
    'Written by `npm run bench -- --write`; figures stand as they came out. A ratio compares two things measured in turns in one',
    'run on one machine, so it carries to other machines; an absolute figure does not.',
    '',
    `- Date: ${machine.date}`,
    `- Machine: ${machine.processor}, ${machine.memoryGib} GiB, ${machine.system}, load ${machine.load} at the end`,
    `- Versions: ${machine.versions}`,
    '',
    '| Number | What | Measured | Against | Target | |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '## Notes',
    '',
    ...notes,
    '',
    ...settings,
  ].join('\n');
}

const settings = [
  '## Settings',
  '',
  '- The product runs as its users run it: `edgestock edge` and `edgestock central` in processes of their own, defaults everywhere.',
  '- Load comes from another process over kept-alive connections, each with one request under way, through the same client for',
  '  the product and the floor. Rates are medians of repetitions in turns (A B A B), after a warm-up of each.',
  '- Hono floors: the server options of the node, one route, nothing behind it. The POST parses its JSON and returns it.',
  '- SQLite floors: the database settings of the product (WAL, synchronous=FULL, the same page cache and checkpoints), its schema and disk,',
  '  prepared statements, constant values; nothing is decided, encoded or hashed.',
  '- PostgreSQL and Redis: as durable as the product, the only client of their own, the same door; settings in lab/src/bench/peer/.',
  '- Offered load goes out at a steady rate, and a latency begins when its request was due, whether or not it could be sent then.',
  '- Nodes by the hundred are the replication of real ones, over books in memory. Stores of a million SKUs are written in bulk, as trimmed',
  '  logs and snapshots leave them; a test holds them against `verify`, the digests and a real snapshot.',
  '- Everything shares the cores: load, nodes, broker and central, as on no machine that sells.',
  '',
];

function measuredOf({ value, unit, floor, ratio }: Figure): string {
  const measured = `${grouped(value)} ${unit}`;
  return floor === null || ratio === null ? measured : `${measured} / ${grouped(floor)} = ${ratio.toFixed(2)}`;
}

function targetOf({ target, targetIs, unit }: Figure): string {
  const sign = targetIs.startsWith('at least') ? '≥' : '≤';
  return targetIs.endsWith('ratio') ? `${sign} ${target} × floor` : `${sign} ${grouped(target)} ${unit}`;
}
