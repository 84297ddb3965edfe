import { isQuantity } from '@edgestock/shared/inventory/quantity';
import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Log } from '@edgestock/shared/runtime/log';
import { type ProblemKind, refuse } from '@edgestock/shared/runtime/problem';
import { ended } from '@edgestock/shared/runtime/sentence';
import { z } from 'zod';
import { type ImportJobs, ImportRefused } from '../import/import-jobs.ts';
import type { ImportStatus } from '../import/import-target.ts';
import { importLimits } from '../import/limits.ts';
import type { HttpContext, HttpDependencies } from './dependencies.ts';
import type { Door } from './door.ts';
import { condition, counted, date, field, sku } from './fields.ts';
import { readBody } from './request-body.ts';

const importProblems = {
  unknown: { code: 'import-unknown', status: 404, title: 'There is no such import here' },
  'not-staging': { code: 'import-not-staging', status: 409, title: 'The import is past the stage of taking rows' },
  'begun-otherwise': { code: 'import-begun-otherwise', status: 409, title: 'The import was begun as another one' },
  'rows-missing': { code: 'import-rows-missing', status: 409, title: 'Not all rows of the import are here' },
  'rows-too-many': { code: 'import-rows-too-many', status: 409, title: 'More rows than the import announced' },
  failed: { code: 'import-failed', status: 409, title: 'The import could not be applied to its end' },
} as const satisfies Record<ImportRefused['reason'], ProblemKind>;

const text = (charsMax: number, charsMin = 1) =>
  field<string>(
    'text-malformed',
    `text of ${charsMin} to ${charsMax} characters without line breaks`,
    (value) =>
      typeof value === 'string' &&
      value.length >= charsMin &&
      value.length <= charsMax &&
      value.isWellFormed() &&
      !value.includes('\n'),
  );
const positive = (what: string, max: number = Number.MAX_SAFE_INTEGER) =>
  field<number>('number-invalid', what, (value) => isQuantity(value) && value >= 1 && value <= max);
const line = positive('the number of a line in the file: a whole number from 1');
/** Empty is the default bin, or no lot. */
const place = text(importLimits.textCharsMax, 0).exactOptional();

const newImport = z.strictObject({
  id: field<string>(
    'id-malformed',
    '64 hexadecimal digits in lower case',
    (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
  ),
  document: text(importLimits.documentCharsMax),
  rowCount: positive('the number of rows of the file: a whole number from 1'),
});
const catalogueRow = z.strictObject({
  line,
  sku,
  name: text(importLimits.nameCharsMax).exactOptional(),
  barcode: text(importLimits.barcodeCharsMax).exactOptional(),
  multiple: positive(`a whole number of units from 1 to ${importLimits.multipleMax}`, importLimits.multipleMax),
});
const stockRow = z.strictObject({
  line,
  sku: sku.exactOptional(),
  barcode: text(importLimits.barcodeCharsMax).exactOptional(),
  quantity: counted,
  bin: place,
  lot: place,
  expiry: date.exactOptional(),
  condition: condition.exactOptional(),
});
const rowsOf = { catalogue: listOf(catalogueRow), stock: listOf(stockRow) } as const;

function listOf<Row extends z.ZodType>(row: Row) {
  return z
    .array(row)
    .max(importLimits.rowsPerChunk, `may have ${importLimits.rowsPerChunk} rows: put the rest in another request`);
}

/**
 * The doors of `edgestock import --node`: begin, put rows until all are there, apply, ask how far it is. Each may be repeated.
 * Applying goes on in the background; the answer is 202.
 */
export function importDoors(deps: HttpDependencies, jobs: ImportJobs): readonly Door[] {
  const door = (method: Door['method'], path: string, route: string, answer: Door['answer']): Door => ({
    method,
    path,
    route,
    answer: (context) => answered(() => answer(context)),
  });
  return [
    // `:kind` and not two fixed paths: a fixed one beside `/:id/apply` drops the whole app to Hono's slow router.
    door('POST', '/v1/imports/:kind', 'import begin', (context) => begin(context, kindIn(context), deps, jobs)),
    door('PUT', '/v1/imports/:id/rows', 'import rows', (context) => stage(context, deps, jobs)),
    door('POST', '/v1/imports/:id/apply', 'import apply', (context) => apply(context, deps.log, jobs)),
    door('GET', '/v1/imports/:id', 'import status', (context) => Response.json(statusIn(context, jobs))),
    door('DELETE', '/v1/imports/:id', 'import drop', async (context) => {
      await jobs.drop(idIn(context));
      return Response.json({ outcome: 'dropped' });
    }),
  ];
}

function kindIn(context: HttpContext): ImportStatus['kind'] {
  const kind = context.req.param('kind');
  if (kind === 'catalogue' || kind === 'stock') return kind;
  return refuse(importProblems.unknown, `An import is of a catalogue or of stock, not of ${kind}.`);
}

async function begin(
  context: HttpContext,
  kind: 'catalogue' | 'stock',
  { limits }: HttpDependencies,
  jobs: ImportJobs,
): Promise<Response> {
  const answer = await jobs.begin({ kind, ...(await readBody(context, newImport, limits)) });
  return Response.json(answer, { status: answer.outcome === 'staging' ? 201 : 200 });
}

async function stage(context: HttpContext, { limits }: HttpDependencies, jobs: ImportJobs): Promise<Response> {
  const { id, kind } = statusIn(context, jobs);
  const rows = await rowsIn(context, kind, limits);
  return Response.json({ problems: jobs.stage(id, rows) });
}

function rowsIn(context: HttpContext, kind: ImportStatus['kind'], limits: HttpDependencies['limits']) {
  switch (kind) {
    case 'catalogue':
      return readBody(context, rowsOf.catalogue, limits);
    case 'stock':
      return readBody(context, rowsOf.stock, limits);
    default:
      return unreachable(kind);
  }
}

/** Answers before it is done: a million rows take longer than any client waits. Failures are in the status. */
function apply(context: HttpContext, log: Log, jobs: ImportJobs): Response {
  const id = idIn(context);
  jobs.apply(id).catch((error: unknown) => log.debug({ import: id, err: error }, 'import left to be asked for again'));
  return Response.json(statusIn(context, jobs), { status: 202 });
}

function statusIn(context: HttpContext, jobs: ImportJobs): ImportStatus {
  const id = idIn(context);
  return jobs.status(id) ?? refuse(importProblems.unknown, `There is no import ${id} here: begin it first.`);
}

function idIn(context: HttpContext): string {
  return context.req.param('id') ?? '';
}

async function answered(answer: () => Response | Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof ImportRefused) {
      const detail = ended(error.message);
      return refuse(importProblems[error.reason], detail.charAt(0).toUpperCase() + detail.slice(1));
    }
    throw error;
  }
}
