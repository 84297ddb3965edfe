import { assert } from '@edgestock/shared/runtime/assert';
import { storable } from '../postgres/array-literal.ts';
import type { EndStanding, HeldSource, MoveSource, MoveTarget, TakePage } from './move-ends.ts';
import { MoveRefused } from './move-refused.ts';
import type { MovedRow, MovedTable, MovedValue } from './moved-table.ts';
import { type Digested, TableDigest } from './table-digest.ts';

export type MovedTableReport = Digested & { readonly table: string };

export type Moved = {
  /** `ended`: all was there, and what an earlier command was cut off before was done. `moved` does all of it. */
  readonly outcome: 'moved' | 'ended';
  /** As both ends have them; none where nothing was copied. */
  readonly tables: readonly MovedTableReport[];
};

export type MovePhase = 'copy' | 'verify';
export type MoveProgress = {
  readonly phase: MovePhase;
  /** Rows, of all tables together. */
  readonly done: number;
  readonly of: number;
};

type Move = {
  readonly source: MoveSource;
  readonly target: MoveTarget;
  readonly tables: readonly MovedTable[];
  /** Random, of this attempt. */
  readonly id: string;
  /** Both ends, as they may be shown. */
  readonly from: string;
  readonly to: string;
  readonly onProgress?: (progress: MoveProgress) => void;
};

/** What arrived is not what left. The source is in use as before, and the target refuses to be. */
export class MoveDiffers extends Error {
  override readonly name = 'MoveDiffers';
  readonly hint =
    'Nothing was moved: go on with the old store. Does anything else write to the new one? Else keep both as they are and report this.';
}

/** All is copied and verified; whether the source is closed is not known, and the target is not open. */
export class MoveCutOff extends Error {
  override readonly name = 'MoveCutOff';
  readonly exitCode = 3;
  readonly hint =
    'Run the same command again: it ends the move, or begins it anew. Until then start central on neither of both.';
}

/**
 * The whole store from one engine into another. At any moment the source is the one to run on, until it is marked as moved; that is
 * done only when all of it is in the target, read back, compared and durable. Between that mark and the target's being opened
 * neither is run on: the same call once more ends it. Throws `MoveRefused`, `StoreInUse` and `MoveDiffers`, the source in use as before, and `MoveCutOff`.
 */
export async function moveStore(move: Move): Promise<Moved> {
  const { source, target, tables, id, from, to } = move;
  let hasLeft = false;
  const work = async (held: HeldSource): Promise<Moved> => {
    if (isOnlyToBeOpened(held.standing, await target.standing())) return { outcome: 'ended', tables: [] };
    await refuseEnds(held.standing, move);
    const progress = new Progress(await countOf(held, tables), move.onProgress);
    await target.begin({ id, from, life: held.standing.life });
    progress.begin('copy');
    const left = await copied(held, move, progress);
    await target.settle();
    progress.begin('verify');
    refuseDifference(left, await digested(target, tables, progress));
    await target.arrive();
    await held.leave({ id, to });
    hasLeft = true;
    return { outcome: 'moved', tables: left };
  };
  try {
    const moved = await source.hold(work);
    hasLeft = true;
    if ((await target.standing()).state !== 'here') await target.open();
    return moved;
  } catch (cause) {
    throw hasLeft ? new MoveCutOff(`the move to ${to} was cut off at its last step`, { cause }) : cause;
  }
}

/** An earlier call has closed the source, and was cut off. */
function isOnlyToBeOpened(source: EndStanding, target: EndStanding): boolean {
  return source.state === 'left' && source.id === target.id && (target.state === 'arrived' || target.state === 'here');
}

async function refuseEnds({ state, other, life }: EndStanding, { target, from, to }: Move): Promise<void> {
  if (state === 'left') {
    throw new MoveRefused(
      `${from} was moved to ${other} before`,
      'It is not the store that is in use. Move that one; or take this one back into use first: edgestock central move --undo.',
    );
  }
  if (state !== 'here') {
    throw new MoveRefused(
      `${from} is not whole: a move from ${other} into it had not come to its end`,
      `Move ${other} instead, which is the store in use.`,
    );
  }
  const there = await target.standing();
  if (there.state === 'here' && (await target.isEmpty())) return;
  if (there.state === 'arriving' || there.state === 'arrived') {
    if (there.life === life) return;
    throw new MoveRefused(
      `${to} holds a part of another store, from ${there.other}`,
      'Is that move still running? Else name an empty database or directory.',
    );
  }
  const whose = there.state === 'left' ? `a store that was moved to ${there.other}` : 'a store that is in use';
  throw new MoveRefused(`${to} holds ${whose}`, 'Name an empty database, or a directory in which no store is.');
}

async function countOf(held: HeldSource, tables: readonly MovedTable[]): Promise<number> {
  let rows = 0;
  for (const table of tables) rows += await held.count(table);
  return rows;
}

async function copied(held: HeldSource, move: Move, progress: Progress): Promise<readonly MovedTableReport[]> {
  const reports: MovedTableReport[] = [];
  for (const table of move.tables) {
    const digest = new TableDigest();
    await held.read(table, async (read) => {
      const rows = normalised(read);
      digest.add(rows);
      await move.target.put(table, rows);
      progress.add(rows.length);
    });
    reports.push({ table: table.name, ...digest.result });
  }
  return reports;
}

async function digested(
  end: { read(table: MovedTable, take: TakePage): Promise<void> },
  tables: readonly MovedTable[],
  progress: Progress,
): Promise<readonly MovedTableReport[]> {
  const reports: MovedTableReport[] = [];
  for (const table of tables) {
    const digest = new TableDigest();
    await end.read(table, async (rows) => {
      digest.add(normalised(rows));
      progress.add(rows.length);
    });
    reports.push({ table: table.name, ...digest.result });
  }
  return reports;
}

function refuseDifference(left: readonly MovedTableReport[], arrived: readonly MovedTableReport[]): void {
  const differences = left.flatMap(({ table, rows, digest }, place) => {
    const there = arrived[place];
    if (there?.table === table && there.rows === rows && there.digest === digest) return [];
    return [
      there?.rows === rows
        ? `${table} (${rows} rows, others than they were)`
        : `${table} (${there?.rows} of ${rows} rows)`,
    ];
  });
  if (differences.length > 0) throw new MoveDiffers(`what arrived is not what left: ${differences.join(', ')}`);
}

/** Values that both engines can keep, in whichever direction they go. */
function normalised(rows: readonly MovedRow[]): readonly MovedRow[] {
  return rows.map((row) => row.map(normalisedValue));
}

function normalisedValue(value: MovedValue): MovedValue {
  if (typeof value === 'string') return storable(value);
  assert(typeof value !== 'number' || Number.isSafeInteger(value), 'no store keeps a number that is not exact');
  return value;
}

class Progress {
  readonly #of: number;
  readonly #tell: ((progress: MoveProgress) => void) | undefined;
  #phase: MovePhase = 'copy';
  #done = 0;

  constructor(of: number, tell: ((progress: MoveProgress) => void) | undefined) {
    this.#of = of;
    this.#tell = tell;
  }

  begin(phase: MovePhase): void {
    this.#phase = phase;
    this.#done = 0;
    this.add(0);
  }

  add(rows: number): void {
    this.#done += rows;
    this.#tell?.({ phase: this.#phase, done: this.#done, of: this.#of });
  }
}
