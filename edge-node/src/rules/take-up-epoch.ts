import type { TakeUpEpoch } from './directive-command.ts';
import type { Decision, SiteState } from './site-state.ts';

const NO_HASH = new Uint8Array(32);

/**
 * Begins with the log of central's new epoch, at its beginning. From this commit on no directive of an earlier life is carried
 * out, so that what the node says of itself next is all that those ever did here. An epoch is taken up once, and never one that
 * has passed: that would be a central which was put back, and has to begin another one first.
 */
export function takeUpEpoch(state: SiteState, { centralEpoch }: TakeUpEpoch): Decision {
  const done = state.documents.inbox();
  if (centralEpoch === done.centralEpoch) return { outcome: 'done-before' };
  if (centralEpoch < done.centralEpoch) {
    const message = `central's epoch ${centralEpoch} is over: this node has taken up ${done.centralEpoch}`;
    return { outcome: 'invalid', problems: [{ line: 0, code: 'epoch-over', message }] };
  }
  const cursor = { centralEpoch, sequence: 0, hash: NO_HASH };
  return { outcome: 'record', drafts: [], exceptions: [], writes: [{ document: 'inbox', cursor }] };
}
