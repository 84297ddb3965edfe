import { refuse } from '@edgestock/shared/runtime/problem';
import { restoredHint } from '../ledger/command.ts';
import type { HttpDependencies } from './dependencies.ts';
import { isoTime } from './movement-json.ts';
import { problems } from './problems.ts';

/** Shown until central has recognised the log of a node that was put back, or the node has rejoined. */
export function restoredBody({ restored }: Pick<HttpDependencies, 'restored'>) {
  const why = restored?.();
  if (why === undefined) return {};
  return { restored: { kind: why.kind, since: isoTime(why.at), hint: restoredHint(why.kind) } };
}

/** What may be missing from before the last rejoin: in which time, how much of it was heard of, and what is counted for it. */
export function rejoinedBody({ rejoined }: Pick<HttpDependencies, 'rejoined'>) {
  const last = rejoined?.();
  if (last === undefined) return {};
  const { epoch, at, lost, knownUpTo, takenOverAt, recount } = last;
  const [from, to] = [knownUpTo === 0 ? undefined : isoTime(knownUpTo), isoTime(takenOverAt)];
  const hint =
    lost > 0
      ? `${lost} movements of the life before are lost; nobody can tell of which SKUs. Count the goods`
      : `nothing that central had heard of is missing. What was recorded ${from === undefined ? 'before' : `after ${from} and before`} ${to} in books that are gone, without a link, is not in these: if there was anything, count the goods`;
  const window = { ...(from === undefined ? {} : { from }), to };
  return { rejoined: { epoch, at: isoTime(at), lost, window, recount, hint } };
}

/** Refuses a promise of a restored node: its units may have been promised already, in what is missing here. */
export function refusePromise({ restored }: Pick<HttpDependencies, 'restored'>, isForced = false): void {
  const why = restored?.();
  if (why === undefined || isForced) return;
  refuse(
    problems.restored,
    `Sales are recorded, promises are not made: ${restoredHint(why.kind)}. With "force": true it is promised all the same.`,
    { restored: why.kind },
  );
}
