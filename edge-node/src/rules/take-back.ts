import type { SkuTotal } from '@edgestock/shared/protocol/directive';
import type { TakeBack } from './directive-command.ts';
import { Recording } from './recording.ts';
import type { Decision, SiteState } from './site-state.ts';

/** Decides what an answer of central's to the question for last units gives back; asking twice gives once. */
export function takeBack(state: SiteState, { lines }: TakeBack): Decision {
  const recording = new Recording(state);
  reclaim(recording, lines);
  return recording.decision([]);
}

/**
 * Takes over what central says it has ever given back: the largest total counts, so an old or repeated one changes nothing.
 * Never more than the quota there is: a total beyond it would be central's mistake, and must not make units here.
 */
export function reclaim(recording: Recording, lines: readonly SkuTotal[]): void {
  for (const [line, { sku, total }] of lines.entries()) {
    const { quota, returned } = recording.shelf(sku).position;
    recording.aside('reclaim', Math.max(0, Math.min(total - returned, quota)), { sku, line });
  }
}
