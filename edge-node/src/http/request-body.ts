import { bodyFault, valueAt } from '@edgestock/shared/runtime/body-fault';
import { readJson, readOptionalJson } from '@edgestock/shared/runtime/json-body';
import type { ProblemItem } from '@edgestock/shared/runtime/problem';
import { described } from '@edgestock/shared/runtime/sentence';
import type { z } from 'zod';
import type { HttpContext } from './dependencies.ts';
import { refuseItems } from './problems.ts';

/** The request's body as its schema knows it, or a refusal that names every fault with its place. */
export async function readBody<Schema extends z.ZodType>(
  context: HttpContext,
  schema: Schema,
  limits: { readonly bodyBytesMax: number; readonly problemsListedMax: number },
): Promise<z.output<Schema>> {
  return bodyAs(schema, await readJson(context.req.raw, limits.bodyBytesMax), limits);
}

/** The same where a body may be left out: then it is an empty object. */
export async function readOptionalBody<Schema extends z.ZodType>(
  context: HttpContext,
  schema: Schema,
  limits: { readonly bodyBytesMax: number; readonly problemsListedMax: number },
): Promise<z.output<Schema>> {
  const body = await readOptionalJson(context.req.raw, limits.bodyBytesMax);
  return bodyAs(schema, body === undefined ? {} : body, limits);
}

/** A parsed body as its schema knows it; refuses with every fault and its place. */
export function bodyAs<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
  limits: { readonly problemsListedMax: number },
): z.output<Schema> {
  // Fields have sentences of their own; this is for the rest, which the library would tell in its jargon.
  const result = schema.safeParse(body, { error: sentenceOf });
  if (result.success) return result.data;
  return refuseItems(
    result.error.issues.flatMap((issue) => itemsOf(issue, body)),
    limits.problemsListedMax,
  );
}

function itemsOf(issue: z.core.$ZodIssue, body: unknown): ProblemItem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      bodyFault([...issue.path, key], 'unknown-field', `${key} is not a field here; is it misspelt?`),
    );
  }
  const name = nameOf(issue.path);
  const isMissing = issue.path.length > 0 && valueAt(body, issue.path) === undefined;
  if (isMissing) return [bodyFault(issue.path, 'required', `${name} is required`)];
  const code = issue.code === 'custom' ? issue.params?.code : codes[issue.code];
  return [bodyFault(issue.path, typeof code === 'string' ? code : 'invalid', `${name} ${issue.message}`)];
}

function sentenceOf(issue: z.core.$ZodRawIssue): string {
  const { code, input } = issue;
  if (code !== 'invalid_type') return `cannot be ${described(input)}`;
  const due = { object: 'a JSON object', array: 'a JSON array' }[String(issue.expected)] ?? `a ${issue.expected}`;
  return `must be ${due}, not ${described(input)}`;
}

/** A field by its name, also within a body that is a list; an entry of a list by its index, counted from 0 like `line`. */
function nameOf(path: readonly PropertyKey[]): string {
  const last = path.at(-1);
  if (last === undefined) return 'the body';
  if (typeof last === 'number') return `entry ${last}`;
  return typeof path[0] === 'number' ? `${String(last)} of entry ${path[0]}` : String(last);
}

const codes: Readonly<Record<string, string>> = {
  invalid_type: 'wrong-type',
  too_small: 'too-few',
  too_big: 'too-many',
};
