import type { EnrolRequest } from '@edgestock/shared/protocol/control';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { NodeLog } from '../testing/node-log.ts';
import { decideEnrolment } from './enrolment.ts';
import type { NodeRecord } from './node-record.ts';

const log = new NodeLog('BER1', { epoch: 2 });
for (let units = 1; units <= 4; units += 1) log.record('A', units);

const record: NodeRecord = {
  warehouse: log.warehouse,
  epoch: 2,
  instance: log.instance,
  enrolledAt: 1,
  appliedUpTo: 3,
  appliedHash: log.hashes[3] ?? new Uint8Array(),
  appliedAt: 1,
  lastDeltaAt: 1,
  knownAt: 0,
};

type Case = {
  known?: NodeRecord | undefined;
  change?: Partial<EnrolRequest>;
  hash?: Uint8Array | undefined;
  warehouses?: number;
};

function decide({ known = record, change = {}, hash, warehouses = 1 }: Case) {
  return decideEnrolment(known, { ...log.enrolRequest(), ...change }, { warehouses, hashAtPlace: hash });
}

const decideNew = (change: Partial<EnrolRequest>, warehouses = 0) =>
  decideEnrolment(undefined, { ...log.enrolRequest(), ...change }, { warehouses, hashAtPlace: undefined });

const stranger = { instance: 'another-one' };

// In order of precedence.
it.each([
  ['a schema of the future', decideNew({ schema: [SCHEMA_MAX + 1, 99] }), `schema ${SCHEMA_MAX + 1} to 99`],
  ['one warehouse too many', decideNew({}, centralLimits.warehousesMax), 'the most there can be'],
  [
    'another installation, whatever its epoch',
    decide({ change: { ...stranger, place: { ...log.place(), epoch: 9 } } }),
    'another installation',
  ],
  ['an epoch never issued', decide({ change: { place: { ...log.place(), epoch: 3 } } }), 'never issued epoch 3'],
  ['an ended epoch', decide({ change: { place: { ...log.place(), epoch: 1 } } }), 'epoch 1 has ended'],
  [
    'a fenced node',
    decide({ known: { ...record, fence: { reason: 'a fork', at: 1 } }, hash: log.hashes[1] }),
    'a fork',
  ],
  ['another history', decide({ change: { place: log.place(2) }, hash: log.hashes[1] }), 'another history'],
  [
    'a log that has lost what central has',
    decide({ change: { place: log.place(2) }, hash: log.hashes[2] }),
    'ends at 2',
  ],
])('refuses %s, and says why', (_, decision, reason) => {
  expect(decision).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining(reason),
    hint: expect.any(String),
  });
});

it.each([
  [
    'a new warehouse, in its first epoch',
    decideNew({ place: { ...log.place(), epoch: 0 } }),
    { outcome: 'new', epoch: 1, isForgotten: false },
  ],
  [
    'a warehouse another central has numbered, in its epoch',
    decideNew({}),
    { outcome: 'new', epoch: 2, isForgotten: true },
  ],
  [
    'one that another central has numbered and that has recorded nothing',
    decideNew({ place: log.place(0) }),
    { outcome: 'new', epoch: 2, isForgotten: false },
  ],
  ['the owner, ahead of the cursor', decide({}), { outcome: 'known', epoch: 2 }],
  [
    'the owner at the cursor',
    decide({ change: { place: log.place(3) }, hash: log.hashes[3] }),
    { outcome: 'known', epoch: 2 },
  ],
  [
    'the owner whose answer was lost',
    decide({ change: { place: { ...log.place(), epoch: 0 } } }),
    { outcome: 'known', epoch: 2 },
  ],
  [
    'a later life than a central remembers that was put back, whoever it is and whatever was held against the one before',
    decide({
      known: { ...record, unsettled: {}, fence: { reason: 'a fork', at: 1 } },
      change: { ...stranger, place: { ...log.place(), epoch: 3 } },
    }),
    { outcome: 'known', epoch: 3 },
  ],
])('takes in %s', (_, decision, expected) => {
  expect(decision).toEqual(expected);
});
