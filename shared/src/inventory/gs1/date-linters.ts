import { complain, complainOfAll, digitsOnly, type LintCode, type Linter } from './linter.ts';

/** Dates and times of day as Application Identifiers hold them: digits without separators. */

type DateShape = { readonly yearDigits: 2 | 4; readonly dayOptional: boolean };

/** `dayOptional`: day 00 stands for a date known to the month only. */
function date({ yearDigits, dayOptional }: DateShape): Linter {
  const length = yearDigits + 4;
  return (data) => {
    if (data.length < length) return complainOfAll('date-too-short', data);
    if (data.length > length) return complainOfAll('date-too-long', data);
    const strange = digitsOnly(data);
    if (strange) return strange;
    const month = Number(data.slice(yearDigits, yearDigits + 2));
    const day = Number(data.slice(yearDigits + 2));
    if (month < 1 || month > 12) return complain('illegal-month', yearDigits, 2);
    if (day === 0 && dayOptional) return undefined;
    // A two-digit year is a leap year in the 2000s exactly when it is one in the 1900s, but for 00, and 2000 was one.
    const year = Number(data.slice(0, yearDigits)) + (yearDigits === 2 ? 2000 : 0);
    return day < 1 || day > daysInMonth(year, month) ? complain('illegal-day', yearDigits + 2, 2) : undefined;
  };
}

/** Days of a month (1 to 12) in the Gregorian calendar. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

type TimeUnit = { readonly name: 'hour' | 'minute' | 'second'; readonly max: number };
const hour: TimeUnit = { name: 'hour', max: 23 };
const minute: TimeUnit = { name: 'minute', max: 59 };
const second: TimeUnit = { name: 'second', max: 59 };

/** Two digits for each unit. `name` is how the complaint about the length calls them all. */
function time(name: TimeUnit['name'] | 'hour-with-minute', units: readonly TimeUnit[]): Linter {
  const tooShort: LintCode = `${name}-too-short`;
  const tooLong: LintCode = `${name}-too-long`;
  return (data) => {
    if (data.length < units.length * 2) return complainOfAll(tooShort, data);
    if (data.length > units.length * 2) return complainOfAll(tooLong, data);
    const strange = digitsOnly(data);
    if (strange) return strange;
    const place = units.findIndex((unit, index) => Number(data.slice(index * 2, index * 2 + 2)) > unit.max);
    const wrong = units[place];
    return wrong && complain(`illegal-${wrong.name}`, place * 2, 2);
  };
}

export const dateLinters = {
  yymmdd: date({ yearDigits: 2, dayOptional: false }),
  yymmd0: date({ yearDigits: 2, dayOptional: true }),
  yyyymmdd: date({ yearDigits: 4, dayOptional: false }),
  yyyymmd0: date({ yearDigits: 4, dayOptional: true }),
  hh: time('hour', [hour]),
  mi: time('minute', [minute]),
  ss: time('second', [second]),
  hhmi: time('hour-with-minute', [hour, minute]),
} as const satisfies Record<string, Linter>;
