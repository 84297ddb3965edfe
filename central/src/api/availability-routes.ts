import type { Sku } from '@edgestock/shared/inventory/ids';
import { readJson } from '@edgestock/shared/runtime/json-body';
import { refuse } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { Channel } from '../rules/channel.ts';
import type { AvailabilityAnswers } from './availability-answers.ts';
import { type ApiContext, type ApiHandler, type Doors, jsonResponse } from './doors.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import type { RenderedAnswer } from './rendered-answer.ts';
import { itemsOf, sentenceOf } from './request-body.ts';
import { channelOf, headerOf, parametersOf, skuOf, skusOf } from './request-parts.ts';

const query = z.strictObject({ skus: z.array(z.string()).min(1), channel: z.string().optional() });

/**
 * `GET /v1/availability/{sku}`, `GET /v1/availability/stream` and `POST /v1/availability/query`. A SKU that nobody ever had
 * is available 0 times in no warehouse, with 200: absent is zero, because a shop asks for whatever its catalogue lists.
 * Three SKUs cannot be named in an address: "." and "..", which are part of none, and "stream". The query answers for them.
 */
export function availabilityRoutes(
  doors: Doors,
  options: {
    readonly answers: AvailabilityAnswers;
    readonly channels: ChannelDirectory;
    readonly stream: ApiHandler;
  },
): void {
  const { answers, channels, stream } = options;
  doors('/v1/availability/query', {
    POST: async (context) => {
      parametersOf(context, []);
      const { skus, channel } = parseQuery(await readJson(context.req.raw, apiLimits.queryBodyBytesMax), channels);
      const found = await answers.answers(skus, channel);
      return jsonResponse(
        `{"channel":${JSON.stringify(channel)},"answers":[${found.map(({ json }) => json).join(',')}]}`,
      );
    },
  });

  doors('/v1/availability/:sku', {
    GET: (context) => {
      const text = context.req.param('sku') ?? '';
      // Not a route of its own: a fixed name beside a parameter would send every look-up through the router's slow path.
      return text === 'stream' ? stream(context) : answerOne(context, text);
    },
  });

  /** From memory without a promise: a synchronous answer stays synchronous down to the socket. */
  function answerOne(context: ApiContext, text: string): Response | Promise<Response> {
    const sku: Sku = skuOf(text);
    const channel = channelOf(parametersOf(context, ['channel']), channels);
    const answer = answers.inMemory(sku, channel);
    if (answer !== undefined) return conditional(context, answer);
    return answers.answer(sku, channel).then((read) => conditional(context, read));
  }
}

function parseQuery(
  body: unknown,
  channels: ChannelDirectory,
): { readonly skus: readonly Sku[]; readonly channel: Channel } {
  const parsed = query.safeParse(body, { error: sentenceOf });
  if (!parsed.success) {
    return refuse(problems.invalidRequest, 'A query is an object like {"skus": ["A", "B"], "channel": "default"}.', {
      problems: parsed.error.issues.slice(0, 20).flatMap((issue) => itemsOf(issue, body)),
    });
  }
  const { skus, channel } = parsed.data;
  // The answers come in the order of the first mention, each SKU once.
  return { skus: skusOf(skus), channel: channelOf(channel === undefined ? {} : { channel: [channel] }, channels) };
}

function conditional(context: ApiContext, { json, etag, cacheControl }: RenderedAnswer): Response {
  const known = headerOf(context, 'if-none-match');
  if (known !== undefined && isSame(known, etag)) {
    return new Response(null, { status: 304, headers: { etag, 'cache-control': cacheControl } });
  }
  return new Response(json, {
    status: 200,
    headers: { 'content-type': 'application/json', etag, 'cache-control': cacheControl },
  });
}

/** Weak comparison, as RFC 9110 has it for reads: what differs is the age, and that is why our tags are weak. */
function isSame(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  const opaque = etag.replace(/^W\//, '');
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === opaque);
}
