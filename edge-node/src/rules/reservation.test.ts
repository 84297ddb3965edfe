import { emptyPosition, type Quantities } from '@edgestock/shared/inventory/position';
import { describe, expect, test } from 'vitest';
import { documentsOf } from '../testing/documents.ts';
import { sku } from '../testing/site.ts';
import { decide } from './decide.ts';
import type { Reservation, ReservationState } from './reservation.ts';
import type { ChangeReservation, FulfilReservation, Reserve } from './reservation-command.ts';
import type { Shelf } from './shelf.ts';
import type { Decision, SiteState } from './site-state.ts';

const [tea, mug] = [sku('TEA'), sku('MUG')];
const NOW = 1_000_000;

function shelf(text: string, quantities: Partial<Quantities>): Shelf {
  const position = { ...emptyPosition, ...quantities, version: 3, sequence: 7 };
  const balances = [{ bin: '', lot: '', condition: 'sellable', quantity: position.onHand } as const];
  return { sku: sku(text), isKnown: true, position, balances, expiries: new Map() };
}

function stateOf(shelves: readonly Shelf[], reservation?: Reservation): SiteState {
  return {
    shelves: new Map(shelves.map((one) => [one.sku, one])),
    headSequence: 7,
    checkpointSequence: 0,
    past: [],
    today: '2026-03-01',
    now: NOW,
    expiryTime: NOW,
    documents: documentsOf({ reservation: (id) => (reservation?.id === id ? reservation : undefined) }),
  };
}

const wish: Reserve = {
  type: 'reserve',
  id: 'R1',
  owner: 'Ada',
  ttlMs: 60_000,
  fingerprint: 'f',
  lines: [{ sku: tea, quantity: 2 }],
};

function reservationIn(state: ReservationState, rest: Partial<Reservation> = {}): Reservation {
  return {
    id: 'R1',
    owner: 'Ada',
    note: undefined,
    state,
    lines: [{ sku: tea, quantity: 2 }],
    fingerprint: 'f',
    createdAt: 1,
    expiresAt: NOW + 1,
    endedAt: undefined,
    receipt: undefined,
    ...rest,
  };
}

/** What happened, briefly: `kind quantity` per movement, the state that the reservation is left in. */
function briefly(decision: Decision) {
  if (decision.outcome !== 'record') return decision;
  const [write] = decision.writes;
  return {
    movements: decision.drafts.map(({ kind, quantity }) => `${kind} ${quantity}`),
    reservation: write?.document === 'reservation' ? write.reservation.state : undefined,
  };
}

describe('a reservation', () => {
  test('sets its units aside, for a time, in the name of its id', () => {
    const decision = decide(stateOf([shelf('TEA', { onHand: 5 })]), { ...wish, note: 'by the door', actor: 'desk 1' });
    expect(decision).toMatchObject({
      outcome: 'record',
      drafts: [
        {
          kind: 'reserve',
          quantity: 2,
          details: { document: 'R1', actor: 'desk 1' },
          shelf: { position: { onHand: 5, reserved: 2, version: 4, sequence: 8 } },
        },
      ],
      writes: [
        { reservation: { id: 'R1', owner: 'Ada', note: 'by the door', state: 'held', expiresAt: NOW + 60_000 } },
      ],
    });
  });

  test.each<[string, Partial<Quantities>]>([
    ['on hand', { onHand: 1 }],
    ['unsellable', { onHand: 5, unsellable: 4 }],
    ['reserved', { onHand: 5, reserved: 4 }],
    ['committed', { onHand: 5, committed: 4 }],
    ['quota', { onHand: 5, quota: 4 }],
    ['safety stock', { onHand: 5, safetyStock: 4 }],
  ])('takes only what is available (P3): not beyond what %s leaves', (_, quantities) => {
    expect(decide(stateOf([shelf('TEA', quantities)]), wish)).toEqual({
      outcome: 'refused',
      refusal: { refusal: 'insufficient', shortages: [{ sku: tea, requested: 2, available: 1 }] },
    });
  });

  test('tells of what is overdrawn as of nothing, and of a SKU nobody knows likewise', () => {
    const short = { refusal: { shortages: [{ requested: 2, available: 0 }] } };
    expect(decide(stateOf([shelf('TEA', { onHand: -3 })]), wish)).toMatchObject(short);
    const unknown = { ...shelf('TEA', {}), isKnown: false };
    expect(decide(stateOf([unknown]), wish)).toMatchObject(short);
  });

  test('sums the demand of lines of one SKU', () => {
    const lines = [tea, mug, tea].map((one) => ({ sku: one, quantity: 2 }));
    const enough = stateOf([shelf('TEA', { onHand: 4 }), shelf('MUG', { onHand: 2 })]);
    expect(briefly(decide(enough, { ...wish, lines }))).toMatchObject({ movements: ['reserve 4', 'reserve 2'] });
    const short = stateOf([shelf('TEA', { onHand: 3 }), shelf('MUG', { onHand: 2 })]);
    expect(decide(short, { ...wish, lines })).toMatchObject({
      refusal: { shortages: [{ sku: tea, requested: 4, available: 3 }] },
    });
  });

  test('is all lines or none, and names every shortage', () => {
    const lines = [
      { sku: tea, quantity: 9 },
      { sku: mug, quantity: 1 },
    ];
    const state = stateOf([shelf('TEA', { onHand: 4 }), shelf('MUG', { onHand: 0 })]);
    expect(decide(state, { ...wish, lines })).toMatchObject({
      outcome: 'refused',
      refusal: { shortages: [{ sku: tea }, { sku: mug }] },
    });
  });

  test.each([[0], [-1], [1.5], [1e15]])('of %d units cannot be meant', (quantity) => {
    expect(decide(stateOf([shelf('TEA', { onHand: 9 })]), { ...wish, lines: [{ sku: tea, quantity }] })).toMatchObject({
      outcome: 'invalid',
      problems: [{ line: 0, code: 'quantity-invalid' }],
    });
  });

  test('of nothing cannot be meant', () => {
    expect(decide(stateOf([]), { ...wish, lines: [] })).toMatchObject({ outcome: 'invalid' });
  });

  test('asked for again was done before, also where nothing is left; with another body its id is refused', () => {
    const state = stateOf([shelf('TEA', { onHand: 0 })], reservationIn('held'));
    expect(decide(state, wish)).toEqual({ outcome: 'done-before' });
    expect(decide(state, { ...wish, fingerprint: 'other' })).toMatchObject({
      refusal: { refusal: 'other-content', id: 'R1' },
    });
  });
});

type Step = ChangeReservation['type'] | 'fulfil';
type Expected = { movements: string[]; reservation: ReservationState } | 'done-before' | 'wrong-state';
const released: Expected = { movements: ['release 2'], reservation: 'released' };
const sold = (...before: string[]): Expected => ({ movements: [...before, 'sale -2'], reservation: 'fulfilled' });

/** Every step from every state; `over` is held, its time has run out, and its release is not recorded yet. */
const table: Record<ReservationState | 'over', Record<Step, Expected>> = {
  held: {
    'renew-reservation': { movements: [], reservation: 'held' },
    'release-reservation': released,
    'confirm-reservation': { movements: ['release 2', 'commit 2'], reservation: 'confirmed' },
    'expire-reservation': 'done-before',
    fulfil: sold('release 2'),
  },
  over: {
    'renew-reservation': 'wrong-state',
    'release-reservation': { movements: ['release 2'], reservation: 'expired' },
    'confirm-reservation': 'wrong-state',
    'expire-reservation': { movements: ['release 2'], reservation: 'expired' },
    fulfil: sold('release 2'),
  },
  confirmed: {
    'renew-reservation': 'wrong-state',
    'release-reservation': { movements: ['uncommit 2'], reservation: 'released' },
    'confirm-reservation': 'done-before',
    'expire-reservation': 'done-before',
    fulfil: sold('uncommit 2'),
  },
  fulfilled: {
    'renew-reservation': 'wrong-state',
    'release-reservation': 'wrong-state',
    'confirm-reservation': 'wrong-state',
    'expire-reservation': 'done-before',
    fulfil: 'wrong-state',
  },
  released: {
    'renew-reservation': 'wrong-state',
    'release-reservation': 'done-before',
    'confirm-reservation': 'wrong-state',
    'expire-reservation': 'done-before',
    fulfil: sold(),
  },
  expired: {
    'renew-reservation': 'wrong-state',
    'release-reservation': 'done-before',
    'confirm-reservation': 'wrong-state',
    'expire-reservation': 'done-before',
    fulfil: sold(),
  },
};

function commandOf(step: Step): ChangeReservation | FulfilReservation {
  if (step === 'fulfil') return { type: 'fulfil-reservation', id: 'R1', document: 'T1/77' };
  return step === 'renew-reservation' ? { type: step, id: 'R1', ttlMs: 60_000 } : { type: step, id: 'R1' };
}

describe.each(Object.entries(table))('a reservation that is %s', (name, steps) => {
  const found = name === 'over' ? reservationIn('held', { expiresAt: NOW }) : reservationIn(name as ReservationState);
  const asides = { held: { reserved: 2 }, over: { reserved: 2 }, confirmed: { committed: 2 } }[name];
  const state = stateOf([shelf('TEA', { onHand: 2, ...asides })], found);

  test.each(Object.entries(steps))('%s', (step, expected) => {
    const decision = decide(state, commandOf(step as Step));
    if (expected === 'done-before') expect(decision).toEqual({ outcome: 'done-before' });
    else if (expected === 'wrong-state') {
      const told = name === 'over' ? 'expired' : name;
      expect(decision).toMatchObject({ refusal: { refusal: 'wrong-state', id: 'R1', state: told } });
    } else {
      expect(briefly(decision)).toEqual(expected);
      expect(decision).toMatchObject({ exceptions: [] });
    }
  });
});

describe('a step', () => {
  const held = stateOf([shelf('TEA', { onHand: 2, reserved: 2 })], reservationIn('held'));

  test.each<Step>(['renew-reservation', 'release-reservation', 'confirm-reservation', 'expire-reservation', 'fulfil'])(
    '%s of a reservation that is not there is refused',
    (step) => {
      expect(decide(held, { ...commandOf(step), id: 'R2' })).toMatchObject({
        refusal: { refusal: 'unknown', document: 'reservation', id: 'R2' },
      });
    },
  );

  test('renews for the time asked for, and never takes time away', () => {
    const renewed = (ttlMs: number) => decide(held, { type: 'renew-reservation', id: 'R1', ttlMs });
    expect(renewed(5_000)).toMatchObject({ writes: [{ reservation: { expiresAt: NOW + 5_000 } }] });
    expect(renewed(0)).toMatchObject({ writes: [{ reservation: { expiresAt: NOW + 1 } }] });
  });

  test('records an expiry as a release with its reason, and when it ended', () => {
    const over = stateOf([shelf('TEA', { onHand: 2, reserved: 2 })], reservationIn('held', { expiresAt: NOW }));
    expect(decide(over, commandOf('expire-reservation'))).toMatchObject({
      drafts: [
        { kind: 'release', details: { document: 'R1', reason: 'expired' }, shelf: { position: { reserved: 0 } } },
      ],
      writes: [{ reservation: { state: 'expired', endedAt: NOW } }],
    });
  });

  test('confirming leaves the units promised as they were, reserved or committed', () => {
    expect(decide(held, commandOf('confirm-reservation'))).toMatchObject({
      drafts: [{}, { shelf: { position: { onHand: 2, reserved: 0, committed: 2 } } }],
    });
  });

  test('confirming does not hide a deficit that is there: its exception is opened again after the release closed it', () => {
    const short = stateOf([shelf('TEA', { onHand: 1, reserved: 2 })], reservationIn('held'));
    expect(decide(short, commandOf('confirm-reservation'))).toMatchObject({
      exceptions: [{ kind: 'negative-available', sku: tea, deficit: 1 }],
    });
  });

  test('a sale that fulfils has the receipt as its document; the release has the reservation', () => {
    expect(decide(held, { ...commandOf('fulfil'), actor: 'till 1', occurredAt: 5 })).toMatchObject({
      drafts: [
        { kind: 'release', details: { document: 'R1' } },
        { kind: 'sale', details: { document: 'T1/77', actor: 'till 1', occurredAt: 5 } },
      ],
      writes: [{ reservation: { receipt: 'T1/77', endedAt: NOW } }],
    });
  });

  test('fulfilled with the same receipt was done before', () => {
    const state = stateOf([shelf('TEA', { onHand: 0 })], reservationIn('fulfilled', { receipt: 'T1/77' }));
    expect(decide(state, commandOf('fulfil'))).toEqual({ outcome: 'done-before' });
  });

  test('taking what nothing is kept for is recorded all the same, and tells whose promise is short (P4)', () => {
    const state = stateOf([shelf('TEA', { onHand: 2, committed: 2 })], reservationIn('expired'));
    expect(decide(state, commandOf('fulfil'))).toMatchObject({
      outcome: 'record',
      exceptions: [{ kind: 'negative-available', deficit: 2 }],
    });
  });
});
