import { bodyFault, valueAt } from '@edgestock/shared/runtime/body-fault';
import { readJson, readOptionalJson } from '@edgestock/shared/runtime/json-body';
import { type ProblemItem, refuse } from '@edgestock/shared/runtime/problem';
import { described, ended } from '@edgestock/shared/runtime/sentence';
import type { z } from 'zod';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import { type Channel, DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { ApiContext } from './doors.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';

/** The request's body as its schema knows it, or a refusal that names every fault with its place. */
export async function bodyOf<Schema extends z.ZodType>(context: ApiContext, schema: Schema): Promise<z.output<Schema>> {
  return meant(await readJson(context.req.raw, apiLimits.promiseBodyBytesMax), schema);
}

/** The same where a body may be left out: then it is an empty object. */
export async function optionalBodyOf<Schema extends z.ZodType>(
  context: ApiContext,
  schema: Schema,
): Promise<z.output<Schema>> {
  const body = await readOptionalJson(context.req.raw, apiLimits.promiseBodyBytesMax);
  return meant(body === undefined ? {} : body, schema);
}

/** A parsed body as its schema knows it. */
export function meant<Schema extends z.ZodType>(body: unknown, schema: Schema): z.output<Schema> {
  // Fields have sentences of their own; this is for the rest, which the library would tell in its jargon.
  const result = schema.safeParse(body, { error: sentenceOf });
  if (result.success) return result.data;
  const items = result.error.issues.flatMap((issue) => itemsOf(issue, body));
  const listed = items.slice(0, apiLimits.problemsListedMax);
  const more = items.length > 1 ? ` And ${items.length - 1} more.` : '';
  return refuse(problems.invalidRequest, `${ended(listed[0]?.message ?? 'The body cannot be meant as it is')}${more}`, {
    problems: listed,
  });
}

/** The channel of a body; the one there always is where it names none. */
export function namedChannel(channel: Channel | undefined, channels: ChannelDirectory): Channel {
  if (channel === undefined) return DEFAULT_CHANNEL;
  return channels.find(channel) ?? refuse(problems.unknownChannel, `There is no channel ${JSON.stringify(channel)}.`);
}

/** Every fault of an issue, in words, with its place. */
export function itemsOf(issue: z.core.$ZodIssue, body: unknown): ProblemItem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      bodyFault([...issue.path, key], 'unknown-field', `${key} is not a field here; is it misspelt?`),
    );
  }
  const name = nameOf(issue.path);
  const isMissing = issue.path.length > 0 && valueAt(body, issue.path) === undefined;
  if (isMissing) {
    const choice = issue.code === 'invalid_value' ? `: ${wordsOf(issue.values)}` : '';
    return [bodyFault(issue.path, 'required', `${name} is required${choice}`)];
  }
  const code = issue.code === 'custom' ? issue.params?.code : issue.code.replaceAll('_', '-');
  return [bodyFault(issue.path, typeof code === 'string' ? code : 'invalid', `${name} ${issue.message}`)];
}

export function sentenceOf(issue: z.core.$ZodRawIssue): string {
  const { code, input } = issue;
  if (code === 'invalid_value') return `must be ${wordsOf(issue.values)}, not ${described(input)}`;
  if (code !== 'invalid_type') return `cannot be ${described(input)}`;
  if (issue.expected === 'object') return 'must be a JSON object';
  const due = { array: 'a JSON array', boolean: 'true or false' }[String(issue.expected)] ?? `a ${issue.expected}`;
  return `must be ${due}, not ${described(input)}`;
}

function wordsOf(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
}

/** What a sentence calls a place in the body: the field, and an entry of a list with the name of the list. */
function nameOf(path: readonly PropertyKey[]): string {
  const [list, last] = path.slice(-2);
  if (typeof last === 'number') return `${String(list)}[${last}]`;
  return String(path.at(-1) ?? 'the body');
}
