import { type KnownAtCentral, type Recount, recounts } from '@edgestock/shared/protocol/rejoin';
import { refuse } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import { CentralUnheard, type Rejoin, RejoinRefused } from '../../rejoin/rejoin.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { isoTime } from '../movement-json.ts';
import { problems } from '../problems.ts';
import { readBody } from '../request-body.ts';

const wanted = z.strictObject({
  /** The epoch that was shown: what was decided since is not undone unseen. */
  sawEpoch: z.number().int().nonnegative(),
  recount: z.enum(recounts).exactOptional(),
});

type Rejoining = Pick<Rejoin, 'look' | 'begin' | 'status'>;

/**
 * `GET /v1/rejoin`: what central knows of this warehouse, where this node stands, and what a rejoin would do.
 * `POST /v1/rejoin`: does it. The answer comes at once; `GET /v1/status` tells how far it has got.
 */
export function rejoinDoors(deps: HttpDependencies, rejoin: Rejoining): readonly Door[] {
  const path = '/v1/rejoin';
  return [
    { method: 'GET', path, route: 'rejoin-look', answer: () => look(deps, rejoin) },
    { method: 'POST', path, route: 'rejoin', answer: (context) => begin(context, deps, rejoin) },
  ];
}

async function look(deps: HttpDependencies, rejoin: Rejoining): Promise<Response> {
  const { ledger } = deps;
  const known = await asked(() => rejoin.look());
  const { warehouse, epoch, sequence } = ledger.view.log();
  const { heard, knownAt, time, fence, isOwner, isPrefix, applied } = known;
  const lost = Math.max((heard?.committed ?? 0) - applied, known.missing);
  const recount = known.missing > 0 ? 'all' : (known.recount ?? (lost > 0 ? 'all' : 'moved'));
  return Response.json({
    warehouse,
    node: { epoch, sequence, ...(isPrefix === undefined ? {} : { isPrefix }), isOwner },
    central: {
      epoch: known.epoch,
      applied,
      ...(fence === undefined ? {} : { fence }),
      ...(heard === undefined ? {} : { heardAt: isoTime(heard.at), heardCommitted: heard.committed }),
      ...(knownAt === 0 ? {} : { knownAt: isoTime(knownAt) }),
      time: isoTime(time),
    },
    // Movements that the life before had, and nobody has any more.
    lost,
    recount,
    isNeeded: isNeeded(deps, known),
    effects: [
      `this node goes on for ${warehouse} in epoch ${known.epoch + 1}; any other installation of it is refused from then on`,
      `it takes back the ${applied} movements that central has, and records again what it has recorded itself beyond them`,
      ...(lost > 0 ? [`${lost} movements of the life before are lost; nobody can tell of which SKUs`] : []),
      counted[recount],
      'the books in use now are kept beside the new ones',
    ],
    ...(rejoin.status() === undefined ? {} : { rejoin: rejoin.status() }),
  });
}

const counted: Readonly<Record<Recount, string>> = {
  all: 'every SKU gets a recount: nothing more of it may be promised before it is counted, unless --recount says otherwise. Where lost movements had been told to central as states, it is only those',
  moved:
    'SKUs of which central was told newer states than its log has get a recount, if there are any: nothing more of them may be promised before they are counted, unless --recount says otherwise',
  none: 'nothing is counted first',
};

/** Not for a sound node that central knows as the owner and takes everything from: a new epoch would change nothing. */
function isNeeded({ status, restored, integrity, ledger }: HttpDependencies, known: KnownAtCentral): boolean {
  const { state, hint } = status();
  const { epoch, sequence } = ledger.view.log();
  const isSound = restored?.() === undefined && (integrity?.()?.findings.length ?? 0) === 0;
  const isKnown = known.isOwner && known.fence === undefined && known.isPrefix !== false && known.epoch === epoch;
  return !(isSound && isKnown && sequence >= known.applied && state === 'live' && hint === undefined);
}

async function begin(context: HttpContext, { limits }: HttpDependencies, rejoin: Rejoining): Promise<Response> {
  const body = await readBody(context, wanted, limits);
  return Response.json({ rejoin: rejoin.begin(body) }, { status: 202 });
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof CentralUnheard)
      return refuse(problems.centralUnheard, `${error.message}.`, { hint: error.hint });
    if (error instanceof RejoinRefused)
      return refuse(problems.rejoinRefused, `${error.message}.`, { hint: error.hint });
    throw error;
  }
}
