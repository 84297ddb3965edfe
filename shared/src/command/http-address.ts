/**
 * The address of an HTTP door as somebody types it: `localhost:7100`, which curl takes too, is `http://localhost:7100`. To `fetch` it is a
 * URL of the scheme `localhost`, which no waiting and no other port will make answer.
 */
export function httpAddress(text: string): string {
  const address = text.includes('://') ? text : `http://${text}`;
  return address.replace(/\/+$/, '');
}
