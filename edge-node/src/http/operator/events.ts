import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { readableFrom } from '../log-place.ts';
import { refuseQuestion } from '../problems.ts';
import { Query } from '../query.ts';
import type { EventStreams } from './event-streams.ts';

/**
 * `GET /v1/events`: the log as server-sent events, as it grows. The event id is the sequence. A new reader begins at the end of
 * the log, or after `?after=`; one that comes back is continued after its `Last-Event-ID`.
 */
export function eventDoors(deps: HttpDependencies, streams: EventStreams): readonly Door[] {
  return [{ method: 'GET', path: '/v1/events', route: 'events', answer: (context) => follow(context, deps, streams) }];
}

function follow(context: HttpContext, { ledger }: HttpDependencies, streams: EventStreams): Response {
  const query = new Query(context, ['after']);
  const log = ledger.view.log();
  const asked = lastEventId(context) ?? query.sequence('after');
  const after = readableFrom(asked, log) ?? log.sequence;
  return new Response(streams.open(after, context.env ?? {}), {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // nginx would collect events before it passes them on.
      'x-accel-buffering': 'no',
    },
  });
}

/** Where a reader that was cut off wants to go on; it knows better than the URL it first came with. */
function lastEventId(context: HttpContext): number | undefined {
  const text = context.req.raw.headers.get('last-event-id');
  if (text === null || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const message = 'Last-Event-ID must be a sequence that this log has sent as an id';
  return refuseQuestion({ code: 'last-event-id-malformed', message, path: 'Last-Event-ID' });
}
