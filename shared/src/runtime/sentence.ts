/** A message as a sentence: some, made elsewhere, end as sentences do. */
export function ended(message: string): string {
  return /[.?!]$/.test(message) ? message : `${message}.`;
}

const SHOWN_CHARS_MAX = 80;

/** What a caller sent, short enough for a sentence. */
export function shortened(text: string): string {
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`;
}
