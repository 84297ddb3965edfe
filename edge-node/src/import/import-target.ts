import type { ImportKind, ImportState } from '../store/import-store.ts';
import type { ImportRow } from './read-rows.ts';
import type { RowProblem } from './row-problem.ts';

/** How far an import has got. */
export type ImportStatus = {
  readonly id: string;
  readonly kind: ImportKind;
  readonly state: ImportState;
  readonly document: string;
  readonly rowCount: number;
  readonly stagedCount: number;
  readonly appliedCount: number;
  /** SKUs that no catalogue had named before their stock was applied. */
  readonly unlistedCount: number;
  /** Why applying has stopped. `failed`: for good. Otherwise it goes on when it is asked for again, or at the next start. */
  readonly failure?: string | undefined;
};

export type NewImport = {
  readonly id: string;
  readonly kind: ImportKind;
  /** Name of the file. */
  readonly document: string;
  readonly rowCount: number;
};

/** `staging`: rows may be staged. Otherwise it was begun before and nothing is due but, for `applying`, to apply it. */
export type BeginAnswer = { readonly outcome: ImportState; readonly status: ImportStatus };

/**
 * Where rows are imported to: the jobs of this process or those of a running node. Every call may be repeated: staging a
 * staged row, applying an applied job and dropping a dropped one change nothing.
 */
export type ImportTarget = {
  /** How far an import is that was begun; `undefined` when it was not, or was taken back. */
  status(id: string): ImportStatus | undefined | Promise<ImportStatus | undefined>;
  /** Replaces an import of the id that failed. */
  begin(job: NewImport): Promise<BeginAnswer>;
  /** What is wrong with the rows as this node knows its catalogue; none of the wrong ones is staged. */
  stage(id: string, rows: readonly ImportRow[]): readonly RowProblem[] | Promise<readonly RowProblem[]>;
  /** Resolves when every row is applied. Throws `ImportFailed` when applying ends before. */
  apply(id: string, onProgress: (status: ImportStatus) => void): Promise<ImportStatus>;
  /** Gives up an import of which nothing was applied, or that failed. */
  drop(id: string): Promise<void>;
};
