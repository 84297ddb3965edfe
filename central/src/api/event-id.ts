/** The id of a streamed event: which store it is of, and the revision there. */
export function eventIdOf(life: string, revision: number): string {
  return `${life}-${revision}`;
}

/**
 * The place an event id names. Ids of the first releases were the revision alone, of no life that is known. `undefined`: no id
 * of ours.
 */
export function parseEventId(text: string): { readonly life: string; readonly revision: number } | undefined {
  const [, life = '', digits = ''] = /^(?:([0-9a-z]{1,32})-)?(\d{1,16})$/.exec(text) ?? [];
  const revision = digits === '' ? Number.NaN : Number(digits);
  return Number.isSafeInteger(revision) ? { life, revision } : undefined;
}
