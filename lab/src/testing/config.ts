import { WrongCall } from '@edgestock/shared/command/wrong-call';

const storeKinds = ['sqlite', 'postgres'] as const;
/** What central of the lab keeps its data in. */
export type StoreKind = (typeof storeKinds)[number];

export const STORE_VARIABLE = 'EDGESTOCK_LAB_STORE';

/** What the tests of whole systems start central on: `EDGESTOCK_LAB_STORE`, SQLite where it is not set. Throws `WrongCall`. */
export function chosenStore(environment: Readonly<Record<string, string | undefined>> = process.env): StoreKind {
  return storeKindOf(environment[STORE_VARIABLE] || 'sqlite', STORE_VARIABLE);
}

/** `of` says where the text was given. Throws `WrongCall`. */
export function storeKindOf(text: string, of: string): StoreKind {
  const kind = storeKinds.find((one) => one === text);
  if (kind === undefined) throw new WrongCall(`${of}=${text} is no store`, `One of: ${storeKinds.join(', ')}.`);
  return kind;
}
