import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isDatabaseAddress } from '../config.ts';
import type { MoveEnd } from '../store/move/move-ends.ts';
import { MoveRefused } from '../store/move/move-refused.ts';
import { PostgresMoveEnd } from '../store/postgres/move/postgres-move-end.ts';
import { STORE_FILE } from '../store/sqlite/central-backup.ts';
import { movedTables } from '../store/sqlite/move/moved-tables.ts';
import { SqliteMoveEnd } from '../store/sqlite/move/sqlite-move-end.ts';
import { type StorePlace, shownPlace } from '../store/store-place.ts';

const FILE = 'sqlite:';

/** `sqlite:DIR`, `sqlite:FILE` or the address of a database. Throws `MoveRefused`. */
export function parsePlace(text: string): StorePlace {
  if (isDatabaseAddress(text)) return { kind: 'postgresql', url: text };
  const path = text.startsWith(FILE) ? text.slice(FILE.length) : '';
  if (path === '') {
    throw new MoveRefused(
      `${shownText(text)} is no place of a store`,
      'Write sqlite:DIR, or the address of a database like postgres://user@host:5432/edgestock.',
    );
  }
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? path.endsWith('.db');
  return { kind: 'sqlite', path: isFile ? resolve(path) : join(resolve(path), STORE_FILE) };
}

/** As it may stand in a log, and in the other store. */
export function placeInWords(place: StorePlace): string {
  const shown = shownPlace(place);
  if (shown.kind === 'postgresql') return shown.url;
  return `${FILE}${basename(shown.path) === STORE_FILE ? dirname(shown.path) : shown.path}`;
}

/** `isMade`: a file is made where none is. */
export async function openEnd(place: StorePlace, { isMade }: { readonly isMade: boolean }): Promise<MoveEnd> {
  return place.kind === 'sqlite'
    ? SqliteMoveEnd.open(place.path, movedTables, { isMade })
    : PostgresMoveEnd.open(place.url, movedTables);
}

/** What may be an address with a password in it is not said again. */
function shownText(text: string): string {
  return text.includes('@') ? 'what was named' : `"${text}"`;
}
