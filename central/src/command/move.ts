import { ProgressReport } from '@edgestock/shared/command/progress-report';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { defineCommand } from 'citty';
import type { MoveEnd } from '../store/move/move-ends.ts';
import { MoveRefused } from '../store/move/move-refused.ts';
import { type MovePhase, moveStore } from '../store/move/move-store.ts';
import { undoMove } from '../store/move/undo-move.ts';
import { movedTables } from '../store/sqlite/move/moved-tables.ts';
import type { StorePlace } from '../store/store-place.ts';
import { openEnd, parsePlace, placeInWords } from './move-place.ts';

const PHASES: Readonly<Record<MovePhase, string>> = { copy: 'Copying rows', verify: 'Reading back and comparing rows' };

/** `edgestock central move`: the whole store from SQLite to PostgreSQL, or back. */
export const moveCommand = defineCommand({
  meta: {
    name: 'move',
    description: `Move central's whole store from its file into a PostgreSQL database, or back. Central must not be running.

  createdb -O edgestock edgestock
  edgestock central move --from sqlite:data/central --to postgres://edgestock@db.example:5432/edgestock
  EDGESTOCK_CENTRAL_STORE=postgres://edgestock@db.example:5432/edgestock edgestock central

  edgestock central move --from postgres://edgestock@db.example:5432/edgestock --to sqlite:data/central-again      # the way back
  edgestock central --data-dir data/central-again      # to run on it, without EDGESTOCK_CENTRAL_STORE

A password is better in the environment (PGPASSWORD), where other users do not see it. The new place must be empty, or hold what an
earlier attempt left behind, which is begun anew; on the way back that is another directory, since the first one keeps the old store.
Every row goes over, with its id, and both stores are brought up to date first. All is read back and compared, table by table; where
anything differs, nothing is moved.

Until the last step the old store is the one to run on, whatever happens; then it is closed, and a central that is started on it by
mistake refuses. Neither does one start on a store that is not whole. Cut off at any moment, the same command ends it or begins it
anew. The old store is kept as it was: delete it when you no longer want to come back.

  edgestock central move --undo --from sqlite:data/central --to postgres://edgestock@db.example:5432/edgestock

takes the old store back into use, without what was done in the new one since, as a restore does: the new one is closed, the next
epoch begins, and nothing is promised of a warehouse before its node was heard. Leave --to out only if the new one is gone: two
centrals would promise the same units. To come back with all that was done since, move back, into an empty place.

Exit code: 0 moved (or it was already), 1 nothing was moved and the old store is in use as before, 2 the same, since a central runs on
one of both, 3 cut off at the last step: run it again before you start central.`,
  },
  args: {
    from: { type: 'string', required: true, description: 'The store as it is now', valueHint: 'sqlite:DIR' },
    to: {
      type: 'string',
      description: 'Where it is to be; with --undo where it was moved to',
      valueHint: 'postgres://user@host/edgestock',
    },
    undo: { type: 'boolean', description: 'Take a store that was moved away back into use' },
    json: { type: 'boolean', description: 'Print what was moved as one JSON object' },
  },
  async run({ args }) {
    const isJson = args.json === true;
    const from = parsePlace(args.from);
    const to = args.to === undefined ? undefined : parsePlace(args.to);
    if (args.undo === true) return undo(from, to, isJson);
    if (to === undefined) throw new MoveRefused('where is it to be?', 'Name --to postgres://… or --to sqlite:DIR.');
    return move(from, to, isJson);
  },
});

async function move(from: StorePlace, to: StorePlace, isJson: boolean): Promise<void> {
  if (from.kind === to.kind) {
    throw new MoveRefused(
      'both places are of the same kind',
      from.kind === 'sqlite'
        ? 'Copy a file with edgestock central backup and restore.'
        : 'Copy a database with pg_dump and pg_restore, and then run edgestock central restored.',
    );
  }
  const report = new ProgressReport({ output: process.stderr, clock: systemClock });
  const startedMs = systemClock.monotonicMs();
  const words = { from: placeInWords(from), to: placeInWords(to) };
  await withEnd(from, { isMade: false }, (source) =>
    withEnd(to, { isMade: true }, async (target) => {
      try {
        const { outcome, tables } = await moveStore({
          ...{ source, target, tables: movedTables, id: systemRandom.hex(16), ...words },
          onProgress: ({ phase, done, of }) => report.show({ phase: PHASES[phase], done, of }),
        });
        report.end();
        const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
        const rows = tables.reduce((sum, table) => sum + table.rows, 0);
        console.log(
          isJson
            ? JSON.stringify({ outcome, ...words, rows, seconds, tables })
            : [
                ...said({ outcome, ...words, tables, rows, seconds }),
                `Start central on ${words.to}. ${words.from} is closed; to come back: edgestock central move --help.`,
              ].join('\n'),
        );
      } finally {
        report.end();
      }
    }),
  );
}

function said(moved: {
  readonly outcome: 'moved' | 'ended';
  readonly from: string;
  readonly to: string;
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly digest: string }[];
  readonly rows: number;
  readonly seconds: number;
}): readonly string[] {
  if (moved.outcome === 'ended') return [`The move from ${moved.from} to ${moved.to} was whole already; it is ended.`];
  const filled = moved.tables.filter(({ rows }) => rows > 0);
  const perSecond = Math.round(moved.rows / Math.max(0.001, moved.seconds)).toLocaleString('en');
  return [
    `Moved ${moved.rows.toLocaleString('en')} rows from ${moved.from} to ${moved.to} in ${moved.seconds.toFixed(1)} s (${perSecond}/s).`,
    `Read back and compared: number and digest of the rows of all ${moved.tables.length} tables.`,
    ...filled.map(({ table, rows, digest }) => `  ${digest.slice(0, 16)}  ${table} ${rows.toLocaleString('en')}`),
  ];
}

async function undo(from: StorePlace, to: StorePlace | undefined, isJson: boolean): Promise<void> {
  const undone = await withEnd(from, { isMade: false }, (source) => {
    const go = (target: MoveEnd | undefined) =>
      undoMove({ source, target, from: placeInWords(from), now: systemClock.now() });
    return to === undefined ? go(undefined) : withEnd(to, { isMade: false }, go);
  });
  const { newEpoch, isTargetClosed } = undone;
  if (isJson) {
    console.log(JSON.stringify({ outcome: 'undone', store: placeInWords(from), newEpoch, isTargetClosed }));
    return;
  }
  const other = isTargetClosed
    ? 'The other store is closed.'
    : 'The other store was not named, and is not closed: see that no central is ever started on it.';
  console.log(
    [
      `${placeInWords(from)} is in use again; its epoch is ${newEpoch}. ${other}`,
      'Start central. It promises nothing of a warehouse before it has heard its node; /v1/status lists those under notCounted.',
    ].join('\n'),
  );
}

async function withEnd<T>(
  place: StorePlace,
  how: { readonly isMade: boolean },
  work: (end: MoveEnd) => Promise<T>,
): Promise<T> {
  const end = await openEnd(place, how);
  try {
    return await work(end);
  } finally {
    await end.close();
  }
}
