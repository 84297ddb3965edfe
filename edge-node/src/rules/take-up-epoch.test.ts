import { genesisHash } from '@edgestock/shared/protocol/chain';
import { expect, it } from 'vitest';
import type { Documents } from './documents.ts';
import type { SiteState } from './site-state.ts';
import { takeUpEpoch } from './take-up-epoch.ts';

const at = (centralEpoch: number, sequence: number): SiteState => {
  const documents: Pick<Documents, 'inbox'> = { inbox: () => ({ centralEpoch, sequence, hash: Buffer.alloc(32, 7) }) };
  return { documents } as SiteState;
};
const take = (state: SiteState, centralEpoch: number) => takeUpEpoch(state, { type: 'take-up-epoch', centralEpoch });

it.each([
  ['from an earlier one', at(1, 40)],
  ['before any', at(0, 0)],
])('begins with the log of the new epoch at its beginning, %s', (_, state) => {
  const cursor = { centralEpoch: 9, sequence: 0, hash: genesisHash };
  const expected = { outcome: 'record', drafts: [], exceptions: [], writes: [{ document: 'inbox', cursor }] };
  expect(take(state, 9)).toEqual({
    ...expected,
    writes: [{ document: 'inbox', cursor: { ...cursor, hash: new Uint8Array(32) } }],
  });
});

it('takes an epoch up once, whatever was carried out since', () => {
  expect(take(at(9, 3), 9)).toEqual({ outcome: 'done-before' });
});

it('never goes back to one that has passed', () => {
  expect(take(at(9, 3), 8)).toMatchObject({ outcome: 'invalid', problems: [{ code: 'epoch-over' }] });
});
