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
