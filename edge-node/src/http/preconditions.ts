import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Position } from '@edgestock/shared/inventory/position';
import { ProblemError, problemOf, refuse } from '@edgestock/shared/runtime/problem';
import type { StockView } from '../ledger/view.ts';
import { positionBody } from './position-json.ts';
import { problems } from './problems.ts';

/** Tag of a position: its version says all that its answer says. */
export function etagOf(position: Position): string {
  return `"v${position.version}"`;
}

/** True when the caller's `If-None-Match` names what it would get. Weak comparison, as RFC 9110 has it for reads. */
export function isUnchanged(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  return tagsOf(ifNoneMatch).some((tag) => tag === '*' || tag === etag || tag === `W/${etag}`);
}

/**
 * The position version on which a write depends by its `If-Match`, or `undefined` when it depends on none. The version is
 * checked in the transaction of the write; here only the header is understood.
 */
export function versionExpected(
  ifMatch: string | undefined,
  lines: readonly { readonly sku: Sku }[],
  view: StockView,
): number | undefined {
  if (ifMatch === undefined) return undefined;
  const [sku, ...others] = new Set(lines.map((line) => line.sku));
  if (sku === undefined) return undefined;
  if (others.length > 0) {
    refuse(
      problems.ifMatchAmbiguous,
      `If-Match names the state of one position, and the lines touch ${others.length + 1} SKUs. Send them one by one, or without it.`,
    );
  }
  const current = view.entry(sku)?.position;
  const tags = tagsOf(ifMatch);
  if (tags.includes('*')) {
    if (current === undefined) throw stale(sku, undefined);
    return undefined;
  }
  const versions = tags.map(versionOfTag);
  // A tag that is not ours matches nothing: no version is negative.
  return versions.find((version) => version === (current?.version ?? 0)) ?? versions[0] ?? -1;
}

/** What a write gets whose position is no longer what its sender saw: the state as it is now, to decide anew. */
export function stale(sku: Sku, current: Position | undefined): ProblemError {
  const detail =
    current === undefined
      ? `If-Match asks for a state of ${sku}, and there is none.`
      : `${sku} is at version ${current.version} now. Look at the current state and send the request again with its ETag.`;
  return new ProblemError(
    problemOf(problems.stalePosition, detail, {
      sku,
      ...(current === undefined ? {} : { current: positionBody(current) }),
    }),
    current === undefined ? {} : { etag: etagOf(current) },
  );
}

function tagsOf(header: string): string[] {
  return header.split(',').map((tag) => tag.trim());
}

/** Strong tags only: `W/"v3"` is no state that a write may depend on. */
function versionOfTag(tag: string): number {
  const digits = /^"v(\d{1,15})"$/.exec(tag)?.[1];
  return digits === undefined ? -1 : Number(digits);
}
