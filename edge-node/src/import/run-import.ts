import { checkFile } from './check-file.ts';
import { CsvFile, documentOf } from './csv-file.ts';
import { importId } from './import-id.ts';
import type { BeginAnswer, ImportStatus, ImportTarget } from './import-target.ts';
import { importLimits } from './limits.ts';
import { type ImportPlan, type ImportRow, readRows } from './read-rows.ts';
import { type RowProblem, RowProblems } from './row-problem.ts';

export type ImportPhase = 'check' | 'stage' | 'apply';
/** How far a phase is, in its own unit: bytes of the file, or rows. */
export type ImportProgress = { readonly phase: ImportPhase; readonly done: number; readonly of: number };

export type ImportResult = {
  /** `unchanged`: the same file was imported before. `checked`: a dry run found nothing wrong. `refused`: nothing was imported. */
  readonly outcome: 'imported' | 'unchanged' | 'checked' | 'refused';
  readonly rows: number;
  readonly zerosRestored: number;
  readonly badBarcodes: number;
  /** SKUs that got stock and are in no catalogue: each opened an exception. */
  readonly unlisted: number;
  /** Id of the import; absent without a node to import to. */
  readonly id?: string;
  readonly problems: readonly RowProblem[];
  readonly problemCount: number;
};

/** The file was written to between the two times it was read. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
}

export type ImportRequest = {
  readonly path: string;
  readonly fileBytes: number;
  readonly plan: ImportPlan;
  /** Absent for a dry run that looks at the file alone. */
  readonly into?: { readonly target: ImportTarget; readonly warehouse: string };
  /** Present for a dry run. Its salt is random: it keeps what is staged for it apart from all other imports. */
  readonly dryRun?: { readonly salt: string } | undefined;
  /** Imports a file once more that was imported before. */
  readonly isAgain: boolean;
  readonly onProgress: (progress: ImportProgress) => void;
};

type Into = NonNullable<ImportRequest['into']>;
type Found = Pick<ImportResult, 'rows' | 'zerosRestored' | 'badBarcodes' | 'unlisted' | 'id'>;

/**
 * Imports a file: checks all of it, stages all of it, and only then applies it. Whatever is wrong is found before anything is
 * changed. A file that is being applied already (after a crash, or by somebody else) is gone on with.
 */
export async function runImport(request: ImportRequest): Promise<ImportResult> {
  const { path, fileBytes, plan, into, onProgress } = request;
  let bytesRead = 0;
  const file = new CsvFile(path, plan.encoding, (bytes) => {
    bytesRead += bytes;
    onProgress({ phase: 'check', done: bytesRead, of: fileBytes });
  });
  const { rowCount, problems, zerosRestored, badBarcodes, digest } = await checkFile(file, plan);
  const found = { rows: rowCount, zerosRestored, badBarcodes, unlisted: 0 };
  if (problems.count > 0) return refused(found, problems);
  if (into === undefined) return { ...found, outcome: 'checked', problems: [], problemCount: 0 };

  if (request.dryRun !== undefined) return dryRun(request, into, { ...found, digest, salt: request.dryRun.salt });
  const { id, outcome, status } = await begin(request, into, { rowCount, digest });
  if (outcome === 'done') return unchanged(found, status);
  if (outcome === 'staging') {
    const clashes = await stage(request, into.target, { id, digest, rowCount });
    if (clashes.count > 0) {
      await into.target.drop(id);
      return refused({ ...found, id }, clashes);
    }
  }
  const applied = await into.target.apply(id, ({ appliedCount }) =>
    onProgress({ phase: 'apply', done: appliedCount, of: rowCount }),
  );
  return { ...found, outcome: 'imported', unlisted: applied.unlistedCount, id, problems: [], problemCount: 0 };
}

/** Asks the node about every row under an id of its own, and leaves nothing there: not when it ends in an error either. */
async function dryRun(
  request: ImportRequest,
  { target, warehouse }: Into,
  { digest, salt, ...found }: Found & { readonly digest: string; readonly salt: string },
): Promise<ImportResult> {
  const { plan, path, isAgain } = request;
  const rowCount = found.rows;
  const real = await target.status(importId({ warehouse, plan, digest, repeat: 0 }));
  if (real?.state === 'done' && !isAgain) return unchanged(found, real);
  const id = importId({ warehouse, plan, digest, repeat: 0, salt });
  await target.begin({ id, kind: plan.kind, document: documentOf(path), rowCount });
  let clashes: RowProblems;
  try {
    clashes = await stage(request, target, { id, digest, rowCount });
  } catch (error) {
    // The node may be what failed; then it drops the rows at its next start, and why it failed is what matters.
    await target.drop(id).catch(() => undefined);
    throw error;
  }
  await target.drop(id);
  return clashes.count > 0 ? refused(found, clashes) : { ...found, outcome: 'checked', problems: [], problemCount: 0 };
}

/** The import of this file, or with `isAgain` its first repetition that is not done yet. */
async function begin(
  { path, plan, isAgain }: ImportRequest,
  { target, warehouse }: Into,
  { rowCount, digest }: { rowCount: number; digest: string },
): Promise<BeginAnswer & { readonly id: string }> {
  const document = documentOf(path);
  for (let repeat = 0; ; repeat += 1) {
    const id = importId({ warehouse, plan, digest, repeat });
    const answer = await target.begin({ id, kind: plan.kind, document, rowCount });
    if (answer.outcome !== 'done' || !isAgain) return { ...answer, id };
  }
}

async function stage(
  { path, plan, onProgress }: ImportRequest,
  target: ImportTarget,
  { id, digest, rowCount }: { id: string; digest: string; rowCount: number },
): Promise<RowProblems> {
  const problems = new RowProblems();
  const file = new CsvFile(path, plan.encoding);
  let staged = 0;
  for await (const rows of chunks(file, plan)) {
    for (const problem of await target.stage(id, rows)) problems.add(problem);
    staged += rows.length;
    onProgress({ phase: 'stage', done: staged, of: rowCount });
  }
  if (file.digest() !== digest) {
    await target.drop(id);
    throw new FileChanged(`${path} was changed while it was being imported; nothing was imported. Start again.`);
  }
  return problems;
}

/** Rows in pieces that fit a transaction and a request. */
async function* chunks(file: CsvFile, plan: ImportPlan): AsyncGenerator<readonly ImportRow[]> {
  let chunk: ImportRow[] = [];
  let bytes = 0;
  for await (const batch of readRows(file, plan)) {
    for (const { row } of batch) {
      if (row === undefined) continue;
      chunk.push(row);
      bytes += Buffer.byteLength(JSON.stringify(row)) + 1;
      if (chunk.length < importLimits.rowsPerChunk && bytes < importLimits.chunkBytesMax) continue;
      yield chunk;
      chunk = [];
      bytes = 0;
    }
  }
  if (chunk.length > 0) yield chunk;
}

function refused(found: Found, problems: RowProblems): ImportResult {
  return { ...found, outcome: 'refused', problems: problems.listed, problemCount: problems.count };
}

function unchanged(found: Found, { id, unlistedCount }: ImportStatus): ImportResult {
  return { ...found, outcome: 'unchanged', unlisted: unlistedCount, id, problems: [], problemCount: 0 };
}
