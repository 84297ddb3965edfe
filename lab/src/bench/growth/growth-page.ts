import { grouped } from '../figure.ts';
import type { Machine } from '../machine.ts';
import type { Grown } from './growth.ts';
import type { IngestOfStores } from './ingest-of-stores.ts';

const MIB = 2 ** 20;

/** The figures for a terminal or a page: one row for each kind and size. */
export function growthTable(grown: readonly Grown[]): string {
  const rows = grown.map(({ of, positions, diskBytes, startSeconds, residentMib, p50Ms, wire }) => [
    of,
    grouped(positions),
    p50Ms.toFixed(1),
    grouped(Math.round(residentMib)),
    grouped(Math.round(diskBytes / MIB)),
    grouped(Math.round(diskBytes / positions)),
    startSeconds.toFixed(1),
    wire === undefined ? '' : `${wire.delta.toFixed(1)}, ${wire.position.toFixed(1)}`,
  ]);
  return [
    '| Of | Positions | p50, ms | Resident, MiB | File, MiB | Bytes a position | Start, s | Bytes on the wire: a sale, a snapshot’s position |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

/** One line for a terminal or a page. */
export function ingestLine({ sqlite, postgresql, server }: IngestOfStores): string {
  const ratio = (postgresql / sqlite).toFixed(2);
  return `Ingest, one process that writes, durable: SQLite ${grouped(Math.round(sqlite))} deltas/s, ${server} ${grouped(Math.round(postgresql))} deltas/s = ${ratio}`;
}

/** The same as a page that stays, with its plot beside it. */
export function growthPage(grown: readonly Grown[], ingest: IngestOfStores, machine: Machine): string {
  return [
    '# What grows with the positions',
    '',
    'Written by `npm run bench -- --growth --write`. A central has ten warehouses, so a tenth as many SKUs as positions; a node has one',
    'position for each SKU. All sizes of a kind run at once and are measured in turns, 64 connections that are always busy, every SKU',
    'alike: reads of availability at central, durable sales at a node. The stores are written in bulk, as trimmed logs and snapshots',
    'leave them; every SKU has a billion units, which takes some 12 bytes more of a delta than a shop does (N6 has real receipts).',
    '',
    `- Date: ${machine.date}`,
    `- Machine: ${machine.processor}, ${machine.memoryGib} GiB, ${machine.system}, load ${machine.load} at the end`,
    `- Versions: ${machine.versions}`,
    '',
    growthTable(grown),
    '',
    `${ingestLine(ingest)}.`,
    '',
    '![Each of them over the number of positions](growth.svg)',
    '',
  ].join('\n');
}
