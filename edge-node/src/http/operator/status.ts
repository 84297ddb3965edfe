import { refuse } from '@edgestock/shared/runtime/problem';
import type { ReplicationStatus } from '../../replication/replication-status.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { isoTime } from '../movement-json.ts';
import { problems } from '../problems.ts';
import { rejoinedBody, restoredBody } from '../restored.ts';

/** `GET /v1/status` for people, `/healthz` and `/readyz` for supervisors. */
export function statusDoors(deps: HttpDependencies): readonly Door[] {
  return [
    { method: 'GET', path: '/v1/status', route: 'status', answer: () => status(deps) },
    { method: 'GET', path: '/healthz', route: 'healthz', answer: () => Response.json({ status: 'alive' }) },
    { method: 'GET', path: '/readyz', route: 'readyz', answer: (context) => ready(context, deps) },
  ];
}

/** Shown while the database refuses writes, and gone after the first one that it takes again. */
function writesFailing(ledger: HttpDependencies['ledger']) {
  if (ledger.writesFailing === undefined) return {};
  const { since, ...why } = ledger.writesFailing;
  return { writesFailing: { since: isoTime(since), ...why } };
}

/** Of the daily check; absent before the first one of this run. */
function integrityOf({ integrity }: HttpDependencies) {
  const report = integrity?.();
  if (report === undefined) return {};
  const { checkedAt, durationMs, findings } = report;
  const isSound = findings.length === 0;
  return { integrity: { state: isSound ? 'sound' : 'damaged', checkedAt: isoTime(checkedAt), durationMs, findings } };
}

/** Central cannot know that the books were put back, and so advises what would be wrong for them: an id of its own. */
function refusedRestoredHint(
  { restored }: HttpDependencies,
  { state, reason }: Pick<ReplicationStatus, 'state' | 'reason'>,
) {
  if (restored?.() === undefined || state !== 'refused') return {};
  return {
    hint: `${reason}; these books were put back, and central takes nothing of them before this node has rejoined: edgestock edge rejoin`,
  };
}

function status(deps: HttpDependencies): Response {
  const { ledger, status: replication, clock, version } = deps;
  const rejoin = deps.rejoin?.status();
  const { appliedUpTo: _, ...log } = ledger.view.log();
  const { lastContactAt, publishFailing, ...link } = replication();
  return Response.json({
    ...log,
    ...link,
    // Against the log as it is now: what replication has heard may be a moment older.
    backlog: log.sequence - link.applied,
    ...(lastContactAt === undefined ? {} : { lastContactAt: isoTime(lastContactAt) }),
    quotaUnits: ledger.quotaUnits(),
    openTasks: ledger.tasks.openCount(),
    openTransfers: ledger.transfers.openCount(),
    ...(publishFailing === undefined
      ? {}
      : { publishFailing: { ...publishFailing, since: isoTime(publishFailing.since) } }),
    ...writesFailing(ledger),
    ...integrityOf(deps),
    ...restoredBody(deps),
    ...refusedRestoredHint(deps, link),
    ...rejoinedBody(deps),
    ...(rejoin === undefined ? {} : { rejoin }),
    time: isoTime(clock.now()),
    version,
  });
}

/**
 * Ready means: the stock can be read. A cut link does not make a node unready, since serving without one is its purpose (P5).
 * Neither does a full disk: it is shown, but a node taken out of service would answer no reads and never see the write that
 * ends it. A restored node sells, and says that it promises nothing.
 */
function ready(context: HttpContext, deps: HttpDependencies): Response {
  const { ledger, log } = deps;
  if (context.env?.stopping?.aborted) {
    return refuse(problems.unavailable, 'The node is stopping.');
  }
  try {
    const { sequence } = ledger.view.log();
    const told = { ...writesFailing(ledger), ...integrityOf(deps), ...restoredBody(deps) };
    return Response.json({ status: 'ready', sequence, ...told });
  } catch (error) {
    log.error({ err: error, hint: 'Look at the disk and the data directory.' }, 'stock database cannot be read');
    return refuse(problems.unavailable, 'The stock database cannot be read.');
  }
}
