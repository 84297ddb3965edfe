import { whyNotRecordedLate } from '@edgestock/shared/inventory/late-movement';
import { movementKindOf } from '@edgestock/shared/inventory/movement';
import { decodeDelta, decodeUpBatch, WireError } from '@edgestock/shared/protocol/codec';
import type { Delta } from '@edgestock/shared/protocol/delta';
import { refuse } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import type { Promises } from '../orders/promises.ts';
import type { CentralReader, LateFact, LateFactMovement, QuarantineRecord } from '../store/central-store.ts';
import type { PromiseReader } from '../store/promise-store.ts';
import { type ApiContext, type Doors, jsonResponse } from './doors.ts';
import { fields } from './fields.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';
import { changeResponse, refuseUnpromised, writing } from './promise-responses.ts';
import { bodyOf } from './request-body.ts';
import { oneOf, parametersOf, warehouseOf, wholeNumberOf } from './request-parts.ts';
import { isoText } from './warehouse-routes.ts';

/** Where the rest of the API points to. */
export const QUARANTINE_PATH = '/v1/quarantine';

const settlement = z.strictObject({ actor: fields.text, reason: fields.text });

type Deps = {
  readonly reader: CentralReader & Pick<PromiseReader, 'downHead'>;
  readonly promises: Pick<Promises, 'settle'>;
};

/**
 * `GET /v1/quarantine`: what could not be applied and is kept for a person, latest first, as bytes and as what they say; one of
 * them whole; and what the person decides: its node records what is not recorded yet (`apply`), or nothing (`dismiss`).
 */
export function quarantineRoutes(doors: Doors, { reader, promises }: Deps): void {
  doors(QUARANTINE_PATH, {
    GET: async (context) => {
      const parameters = parametersOf(context, ['warehouse', 'state', 'before', 'limit']);
      const named = parameters.warehouse?.at(-1);
      const state = oneOf(parameters, 'state', ['open', 'settled', 'all']) ?? 'open';
      const [min, max] = [1, Number.MAX_SAFE_INTEGER];
      const beforeId = wholeNumberOf(parameters, { name: 'before', min, max, absent: max });
      const limit = wholeNumberOf(parameters, {
        name: 'limit',
        min,
        max: apiLimits.quarantinePageMax,
        absent: apiLimits.quarantinePageDefault,
      });
      const found = await reader.quarantined({
        ...(named === undefined ? {} : { warehouse: warehouseOf(named) }),
        ...(state === 'all' ? {} : { isSettled: state === 'settled' }),
        beforeId,
        limit,
      });
      const page = withinBytes(found);
      const isLast = page.length === found.length && found.length < limit;
      return jsonResponse(
        JSON.stringify({
          items: page.map(itemJson),
          // Ask again with `before=` this; absent on the last page.
          ...(isLast ? {} : { next: page.at(-1)?.id }),
        }),
      );
    },
  });

  const whole = async (id: number): Promise<object> => {
    const fact =
      (await reader.lateFact(id)) ?? refuse(problems.unknownLateFact, `Nothing was put aside as ${id}.`, HINT);
    const head = await reader.downHead(fact.record.warehouse);
    return wholeJson(fact, head?.carriedOut ?? 0);
  };
  const settle = (as: 'applied' | 'dismissed') => async (context: ApiContext) => {
    parametersOf(context, []);
    const id = idIn(context);
    const { actor, reason } = await bodyOf(context, settlement);
    const outcome = await writing(() => promises.settle(id, { as, by: actor, why: reason }));
    switch (outcome.outcome) {
      case 'settled':
        return changeResponse(await whole(id), outcome.isReplay);
      case 'settled-otherwise':
        return refuse(problems.lateFactSettled, `${id} was ${outcome.as} before; nothing was changed.`, {
          hint: `GET ${QUARANTINE_PATH}/${id} shows by whom, when and why.`,
        });
      case 'nothing-to-apply':
        return refuse(problems.nothingToApply, `Of ${id} nothing can be applied: ${outcome.why}.`, {
          hint: `POST ${QUARANTINE_PATH}/${id}/dismiss settles it.`,
        });
      default:
        return outcome.outcome === 'unknown'
          ? refuse(problems.unknownLateFact, `Nothing was put aside as ${id}.`, HINT)
          : refuseUnpromised(outcome);
    }
  };

  doors('/v1/quarantine/:id', {
    GET: async (context) => {
      parametersOf(context, []);
      return jsonResponse(JSON.stringify(await whole(idIn(context))));
    },
  });
  doors('/v1/quarantine/:id/apply', { POST: settle('applied') });
  doors('/v1/quarantine/:id/dismiss', { POST: settle('dismissed') });
}

const HINT = { hint: `GET ${QUARANTINE_PATH}?state=all lists what was put aside, with its numbers.` };

function idIn(context: ApiContext): number {
  const named = context.req.param('id') ?? '';
  if (/^[1-9]\d{0,14}$/.test(named)) return Number(named);
  return refuse(
    problems.unknownLateFact,
    `${JSON.stringify(named)} is no number of anything that was put aside.`,
    HINT,
  );
}

/** All of it: each movement with what applying it comes to, and what the person decided. */
function wholeJson({ record, movements }: LateFact, carriedOut: number): object {
  const { directive } = record.settled ?? {};
  return {
    ...recordJson(record),
    ...(directive === undefined ? {} : { isCarriedOut: carriedOut >= directive }),
    ...(movements === undefined ? {} : { movements: movements.map(movementJson) }),
    bytes: Buffer.from(record.bytes).toString('base64'),
  };
}

/** `skipped`: why it will not be recorded, as far as central knows. What the node finds in its own log it skips, too. */
function movementJson({ sequence, delta, bytes, isInLog }: LateFactMovement): object {
  if (delta === undefined) {
    return { sequence, opaque: Buffer.from(bytes).toString('base64'), skipped: 'this release cannot read it' };
  }
  const skipped = isInLog ? 'the log of the node holds it' : whyNotRecordedLate(delta.kind);
  return { sequence, ...deltaJson(delta), ...(skipped === undefined ? {} : { skipped }) };
}

/** As many as make an answer of a size that anybody can read; one at least. */
function withinBytes(found: readonly QuarantineRecord[]): readonly QuarantineRecord[] {
  let bytes = 0;
  const over = found.findIndex((item, index) => {
    bytes += item.bytes.length;
    return index > 0 && bytes > apiLimits.quarantinePageBytesMax;
  });
  return over === -1 ? found : found.slice(0, over);
}

function recordJson({ bytes: _, at, settled, ...item }: QuarantineRecord) {
  if (settled === undefined) return { ...item, at: isoText(at) };
  const { as, by, why } = settled;
  return { ...item, at: isoText(at), settled: { as, at: isoText(settled.at), actor: by, reason: why } };
}

function itemJson(record: QuarantineRecord) {
  const { reason, bytes } = record;
  const says = saidBy(reason, bytes);
  return {
    ...recordJson(record),
    ...(says === undefined ? {} : { says }),
    bytes: Buffer.from(bytes).toString('base64'),
  };
}

/** What the bytes say, where they can be read; they need not be true. */
function saidBy(reason: QuarantineRecord['reason'], bytes: Uint8Array): object | undefined {
  try {
    if (reason === 'delta') return deltaJson(decodeDelta(bytes));
    const { warehouse, epoch, instance, firstSequence, lastSequence, deltas } = decodeUpBatch(bytes);
    const movements = deltas.slice(0, apiLimits.quarantineMovementsMax).map((delta) => deltaJson(decodeDelta(delta)));
    return { warehouse, epoch, instance, firstSequence, lastSequence, movements };
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function deltaJson({ kind, at, details, ...delta }: Delta) {
  return { kind: movementKindOf(kind) ?? `unknown-${kind}`, ...delta, at: isoText(at), details };
}
