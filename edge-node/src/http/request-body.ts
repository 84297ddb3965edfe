import { readJson } from '@edgestock/shared/runtime/json-body';
import type { ProblemItem } from '@edgestock/shared/runtime/problem';
import type { z } from 'zod';
import type { HttpContext } from './dependencies.ts';
import { refuseItems } from './problems.ts';

/** The request's body as its schema knows it, or a refusal that names every fault with its place. */
export async function readBody<Schema extends z.ZodType>(
  context: HttpContext,
  schema: Schema,
  limits: { readonly bodyBytesMax: number; readonly problemsListedMax: number },
): Promise<z.output<Schema>> {
  const body = await readJson(context.req.raw, limits.bodyBytesMax);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  return refuseItems(
    result.error.issues.flatMap((issue) => itemsOf(issue, body)),
    limits.problemsListedMax,
  );
}

/** The same where a body may be left out: then it is an empty object. */
export async function readOptionalBody<Schema extends z.ZodType>(
  context: HttpContext,
  schema: Schema,
  limits: { readonly bodyBytesMax: number; readonly problemsListedMax: number },
): Promise<z.output<Schema>> {
  const { headers } = context.req.raw;
  const isAbsent =
    !headers.has('content-type') && !headers.has('transfer-encoding') && Number(headers.get('content-length')) === 0;
  return isAbsent ? schema.parse({}) : readBody(context, schema, limits);
}

function itemsOf(issue: z.core.$ZodIssue, body: unknown): ProblemItem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      itemAt([...issue.path, key], 'unknown-field', `${key} is not a field here; is it misspelt?`),
    );
  }
  const name = issue.path.at(-1) ?? 'the body';
  const isMissing = issue.path.length > 0 && valueAt(body, issue.path) === undefined;
  if (isMissing) return [itemAt(issue.path, 'required', `${String(name)} is required`)];
  const code = issue.code === 'custom' ? issue.params?.code : codes[issue.code];
  const isWholeBody = issue.code === 'invalid_type' && issue.path.length === 0;
  const message = isWholeBody ? `must be a JSON ${issue.expected}` : issue.message;
  return [itemAt(issue.path, typeof code === 'string' ? code : 'invalid', `${String(name)} ${message}`)];
}

const codes: Readonly<Record<string, string>> = {
  invalid_type: 'wrong-type',
  too_small: 'too-few',
  too_big: 'too-many',
};

function itemAt(path: readonly PropertyKey[], code: string, message: string): ProblemItem {
  const [first, line] = path;
  return {
    ...(first === 'lines' && typeof line === 'number' ? { line } : {}),
    code,
    message,
    path: path.map(String).join('.'),
  };
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = Object.getOwnPropertyDescriptor(value, key)?.value;
  }
  return value;
}
