/**
 * The time of a line. It labels the movement and orders nothing: lines keep the order of the file, so neither a clock
 * change nor a wrong clock can move a sale.
 */
export type TimeReader = (text: string) => TimeReading;
export type TimeReading =
  /** Milliseconds since 1970 UTC. */
  | { readonly time: 'instant'; readonly at: number }
  /** A time without a zone, and no zone was named: taking the zone of this machine would be a guess, so it is left out. */
  | { readonly time: 'naive' }
  | { readonly time: 'absent' }
  | { readonly time: 'unreadable' };

const FORM = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Reads ISO 8601 times. `zone` is the IANA name of the zone that naive times are in; undefined when unknown. */
export function timeReader(zone: string | undefined): TimeReader {
  const offsetAt = zone === undefined ? undefined : offsetRule(zone);
  return (text) => {
    if (text === '') return { time: 'absent' };
    const parts = FORM.exec(text);
    const wall = parts ? wallTime(parts) : undefined;
    if (!parts || wall === undefined) return { time: 'unreadable' };
    const offset = parts[8];
    if (offset !== undefined) return { time: 'instant', at: wall - statedOffsetMs(offset) };
    if (!offsetAt) return { time: 'naive' };
    return { time: 'instant', at: instantOf(wall, offsetAt) };
  };
}

/** The clock face as if it were UTC; undefined when no calendar has it (31 February, 25:00). */
function wallTime(parts: RegExpExecArray): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal =
    wall.getUTCMonth() === month - 1 && wall.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return isReal ? wall.getTime() + Math.trunc(Number(parts[7] ?? 0) * 1000) : undefined;
}

function statedOffsetMs(text: string): number {
  if (text.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(-2))];
  return (text.startsWith('-') ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
}

/**
 * A naive time has one instant, except around a clock change: of an hour that happened twice it is the first, and a time
 * that the clocks jumped over is counted on from before the jump. Both read the offset of the evening before.
 */
function instantOf(wall: number, offsetAt: (instant: number) => number): number {
  const before = offsetAt(wall - 12 * HOUR_MS);
  const candidate = wall - before;
  if (offsetAt(candidate) === before) return candidate;
  const after = offsetAt(wall + 12 * HOUR_MS);
  return offsetAt(wall - after) === after ? wall - after : candidate;
}

/** Offset of the zone in milliseconds at an instant. Offsets change on quarter hours, so one answer serves fifteen minutes. */
function offsetRule(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();
  return (instant) => {
    const quarter = Math.floor(instant / (15 * MINUTE_MS));
    let offset = known.get(quarter);
    if (offset === undefined) {
      const name =
        format.formatToParts(quarter * 15 * MINUTE_MS).find(({ type }) => type === 'timeZoneName')?.value ?? '';
      const stated = name.replace('GMT', '');
      offset = stated === '' ? 0 : statedOffsetMs(stated);
      if (known.size >= 10_000) known.clear();
      known.set(quarter, offset);
    }
    return offset;
  };
}
