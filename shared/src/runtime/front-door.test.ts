import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { behindFrontDoor, type FrontDoor } from './front-door.ts';

/** Who answered: the front door takes `/plain` only. */
function answeredBy(listener: (behind: RequestListener) => RequestListener, host: string | undefined, url = '/plain') {
  const answers: string[] = [];
  const request = { url, headers: { host } } as IncomingMessage;
  listener(() => answers.push('app'))(request, { end: () => answers.push('front') } as unknown as ServerResponse);
  return answers;
}

const door: FrontDoor = ({ url }, response, otherwise) => {
  if (url !== '/plain') return otherwise();
  response.end();
};
const withDoor = (behind: RequestListener) => behindFrontDoor(() => door, behind);

it.each(['localhost', 'shop.example', '127.0.0.1:7100', 'a:59999'])('lets the front door answer at %s', (host) => {
  expect(answeredBy(withDoor, host)).toEqual(['front']);
});

it.each(['a b', 'a:65536', 'a:60000', 'A', '[::1]:7100', '', undefined])('leaves the host %j to the app', (host) => {
  expect(answeredBy(withDoor, host)).toEqual(['app']);
});

it('lets the app answer what the front door leaves, and where there is none', () => {
  expect(answeredBy(withDoor, 'a', '/other')).toEqual(['app']);
  expect(answeredBy((behind) => behindFrontDoor(() => undefined, behind), 'a')).toEqual(['app']);
});
