import { describe, expect, test } from 'vitest';
import { timeReader } from './timestamp.ts';

const instant = (iso: string) => ({ time: 'instant', at: Date.parse(iso) });

describe('the time of a line', () => {
  test('with an offset is an instant, on both sides of both clock changes', () => {
    const read = timeReader(undefined);
    expect(read('2017-03-12T01:59:59-05:00')).toEqual(instant('2017-03-12T06:59:59Z'));
    expect(read('2017-03-12T03:00:00-04:00')).toEqual(instant('2017-03-12T07:00:00Z'));
    expect(read('2017-11-05T01:30:00-04:00')).toEqual(instant('2017-11-05T05:30:00Z'));
    expect(read('2017-11-05T01:30:00-05:00')).toEqual(instant('2017-11-05T06:30:00Z'));
    expect(read('2017-11-05 01:30:00.250Z')).toEqual(instant('2017-11-05T01:30:00.250Z'));
  });

  test('without a zone is not guessed', () => {
    expect(timeReader(undefined)('2010-12-01T08:26:00')).toEqual({ time: 'naive' });
  });

  test('without a zone follows the zone that was named, summer and winter', () => {
    const read = timeReader('Europe/London');
    expect(read('2010-12-01T08:26:00')).toEqual(instant('2010-12-01T08:26:00Z'));
    expect(read('2011-07-01T08:16:00')).toEqual(instant('2011-07-01T07:16:00Z'));
    expect(timeReader('America/New_York')('2017-06-01T12:00')).toEqual(instant('2017-06-01T16:00:00Z'));
  });

  test('in an hour that happened twice is its first time', () => {
    expect(timeReader('Europe/London')('2011-10-30T01:30:00')).toEqual(instant('2011-10-30T00:30:00Z'));
  });

  test('in an hour that never was counts on from before the jump', () => {
    expect(timeReader('Europe/London')('2011-03-27T01:30:00')).toEqual(instant('2011-03-27T01:30:00Z'));
  });

  test('that is absent or unreadable is said to be', () => {
    const read = timeReader('Europe/London');
    expect(read('')).toEqual({ time: 'absent' });
    for (const text of ['yesterday', '2011-02-30T10:00:00', '2011-02-01T25:00:00', '01/02/2011 10:00']) {
      expect(read(text)).toEqual({ time: 'unreadable' });
    }
  });
});
