import { shortened } from '../runtime/sentence.ts';
import { WrongCall } from './wrong-call.ts';

/**
 * The address of an HTTP door as somebody types it, without a slash at its end. `localhost:7100`, which curl takes too, is
 * `http://localhost:7100`: to `fetch` it is a URL of the scheme `localhost`, which no waiting and no other port will make answer.
 * What nodes and central print of themselves, with the path of a route, names them as well. Throws `WrongCall`.
 */
export function httpAddress(
  text: string,
  { flag, example }: { readonly flag: string; readonly example: string },
): string {
  const address = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  // `fetch` takes neither a name nor a password there.
  if (url === undefined || !isHttp || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new WrongCall(
      `${flag} ${JSON.stringify(shortened(text))} is no address of HTTP`,
      `It looks like ${example}.`,
    );
  }
  return address.replace(/\/v1(\/.*)?$/, '').replace(/\/+$/, '');
}
