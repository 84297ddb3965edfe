import { expect, test } from 'vitest';
import { restoredText } from './restore.ts';

const restored = {
  path: 'data/central/central.db',
  backedUpAt: 0,
  centralEpoch: 1,
  newEpoch: 9,
  warehouses: [],
  reservationsHeld: 0,
  ordersOpen: 0,
};

test('what is restored over a store that was moved away says where that one may be in use', () => {
  const movedTo = 'postgres://db.example:5432/edgestock';
  expect(restoredText({ ...restored, kept: 'central.db.replaced-1', movedTo }).join('\n')).toContain(
    `moved to ${movedTo}: see that no central runs there`,
  );
  expect(restoredText(restored).join('\n')).not.toContain('moved');
});
