/** Where central's store is: a file of its own, or a database that several processes share. */
export type StorePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgresql'; readonly url: string };

/** The place as it may be shown to anybody: without what lets one in. */
export function shownPlace(place: StorePlace): StorePlace {
  return place.kind === 'sqlite' ? place : { kind: 'postgresql', url: withoutSecrets(place.url) };
}

/** Only what names the database: who enters with which password, and any parameter, stays out. */
function withoutSecrets(text: string): string {
  const [scheme = ''] = text.split('://');
  // The last "@" of what comes before the parameters: a password need not be written as a URL asks.
  const [address = ''] = text.slice(scheme.length + '://'.length).split('?');
  return `${scheme}://${address.slice(address.lastIndexOf('@') + 1)}`;
}
