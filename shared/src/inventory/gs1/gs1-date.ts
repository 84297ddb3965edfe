import { daysInMonth } from './date-linters.ts';

/**
 * The date of a checked `YYMMDD` value as `YYYY-MM-DD`.
 * Day 00 is the last day of the month (GS1 General Specifications, §3.4). The century is the one that puts the year between
 * 49 years before and 50 years after `today` (§7.12); without `today` it is the 2000s, right for stock until 2050.
 */
export function isoDateOf(yymmdd: string, today?: string): string {
  const year = fullYear(Number(yymmdd.slice(0, 2)), today === undefined ? undefined : Number(today.slice(0, 4)));
  const month = yymmdd.slice(2, 4);
  const day = yymmdd.slice(4, 6);
  const lastDay = day === '00' ? String(daysInMonth(year, Number(month))) : day;
  return `${String(year).padStart(4, '0')}-${month}-${lastDay}`;
}

function fullYear(yearOfCentury: number, thisYear: number | undefined): number {
  if (thisYear === undefined) return 2000 + yearOfCentury;
  const century = Math.floor(thisYear / 100);
  const ahead = yearOfCentury - (thisYear % 100);
  if (ahead >= 51) return (century - 1) * 100 + yearOfCentury;
  if (ahead <= -50) return (century + 1) * 100 + yearOfCentury;
  return century * 100 + yearOfCentury;
}
