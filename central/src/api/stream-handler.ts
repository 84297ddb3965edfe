import type { Clock } from '@edgestock/shared/runtime/clock';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { AvailabilityFanOuts } from './availability-fan-outs.ts';
import type { ApiContext, ApiHandler } from './doors.ts';
import { parseEventId } from './event-id.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import { channelOf, type Parameters, parametersOf, quoted, skusOf } from './request-parts.ts';
import { EVENT_STREAM_CONTENT_TYPE } from './server-sent-events.ts';
import type { StoreLife } from './store-life.ts';
import { StreamClient, type StreamTopic } from './stream-client.ts';

const headers = {
  'content-type': EVENT_STREAM_CONTENT_TYPE,
  'cache-control': 'no-store',
  // Tells reverse proxies not to wait for a buffer to fill.
  'x-accel-buffering': 'no',
} as const;

/**
 * `GET /v1/availability/stream?sku=…&channel=`: server-sent events, each with the JSON that the GET of the SKU would give.
 * With SKUs it begins with their answers of now; without, it brings every change from now on. Resumes after the header
 * `Last-Event-ID`, which browsers send by themselves, or `?lastEventId=` for those who type. An id that another store gave,
 * before central lost its own or was restored, says nothing of what this one has told: everything of the topic comes anew.
 */
export function streamHandler(options: {
  readonly fanOuts: AvailabilityFanOuts;
  readonly channels: ChannelDirectory;
  readonly life: Pick<StoreLife, 'current'>;
  readonly clock: Clock;
}): ApiHandler {
  const { fanOuts, channels, life, clock } = options;
  return async (context) => {
    const parameters = parametersOf(context, ['sku', 'channel', 'lastEventId'], ['sku']);
    const channel = channelOf(parameters, channels);
    const topic = topicOf(parameters);
    const resumeAfter = resumeAfterOf(context, { parameters, topic, life });
    if (context.req.method === 'HEAD') return new Response(null, { headers });
    if (fanOuts.streamCount >= apiLimits.streamsMax) {
      refuse(problems.tooManyStreams, `${apiLimits.streamsMax} event streams are open. Try again later.`);
    }
    const fanOut = await fanOuts.of(channel);
    const client = new StreamClient({
      topic,
      resumeAfter,
      bufferBytesMax: apiLimits.streamBufferBytesMax,
      monotonicMs: () => clock.monotonicMs(),
      onRoom: (behind) => void fanOut.catchUp(behind),
      onGone: (gone) => fanOut.leave(gone),
      abort: () => context.env.outgoing?.destroy(),
    });
    await fanOut.join(client);
    return new Response(client.body, { headers });
  };
}

function topicOf({ sku }: Parameters): StreamTopic {
  const named = sku?.flatMap((value) => value.split(','));
  return named === undefined ? 'all-changes' : { skus: new Set(skusOf(named)) };
}

function resumeAfterOf(
  { req }: ApiContext,
  {
    parameters,
    topic,
    life,
  }: { readonly parameters: Parameters; readonly topic: StreamTopic; readonly life: Pick<StoreLife, 'current'> },
): number | undefined {
  const text = req.header('last-event-id') ?? parameters.lastEventId?.at(-1);
  // An empty id is what a browser has that has seen no event yet.
  if (text === undefined || text === '') return undefined;
  const id = parseEventId(text);
  if (id === undefined) {
    refuse(problems.invalidRequest, `lastEventId=${quoted(text)} is not the id of an event of this stream.`);
  }
  if (id.life === life.current) return id.revision;
  return topic === 'all-changes' ? 0 : undefined;
}
