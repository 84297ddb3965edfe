/** A message as a sentence: some, made elsewhere, end as sentences do. */
export function ended(message: string): string {
  return /[.?!]$/.test(message) ? message : `${message}.`;
}

const SHOWN_CHARS_MAX = 80;

/** What a caller sent, short enough for a sentence. */
export function shortened(text: string): string {
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`;
}

/** What came in a body, short enough for a sentence. */
export function described(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a text of ${value.length} characters` : JSON.stringify(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value !== null && typeof value === 'object' ? 'an object' : String(value);
}
