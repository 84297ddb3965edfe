import { expect, it } from 'vitest';
import { shownPlace } from './store-place.ts';

it.each([
  ['postgres://edgestock:secret@db.example:5432/edgestock', 'postgres://db.example:5432/edgestock'],
  ['postgresql://db.example/edgestock?user=edgestock&password=secret', 'postgresql://db.example/edgestock'],
  // Not written as a URL asks, but entered.
  ['postgres://edgestock:sec@ret/secret@a:5432,b:5433/edgestock', 'postgres://a:5432,b:5433/edgestock'],
  ['postgres://edgestock:secret@db.example/edgestock?password=s@cret', 'postgres://db.example/edgestock'],
])('shows of %s only where it is', (url, shown) => {
  expect(shownPlace({ kind: 'postgresql', url })).toEqual({ kind: 'postgresql', url: shown });
});

it('shows the path of a file', () => {
  expect(shownPlace({ kind: 'sqlite', path: 'data/central.db' })).toEqual({ kind: 'sqlite', path: 'data/central.db' });
});
