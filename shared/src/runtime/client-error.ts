import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { commonProblems, malformedRequestProblem, PROBLEM_CONTENT_TYPE, type Problem, problemOf } from './problem.ts';

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

/**
 * What is so wrong with a request that no route sees it gets a problem document too. Node's own answer has no body, and may come
 * in the place of another: a request that had come whole is carried out, so it has its own answer first. Nothing is written into an
 * answer that has begun, and the connection ends.
 */
export function answerClientErrors(server: Server): void {
  const exchanges = new WeakMap<Duplex, Exchange>();
  const ending = new WeakSet<Duplex>();
  server.on('request', (request: IncomingMessage, response: ServerResponse) =>
    exchanges.set(request.socket, { request, response }),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Whatever comes after the first fault is one, too.
    if (ending.has(socket)) return;
    ending.add(socket);
    const last = exchanges.get(socket);
    const end = () => {
      const isBetweenAnswers = last === undefined || !last.response.headersSent || last.response.writableFinished;
      if (socket.writable && isBetweenAnswers) socket.write(messageOf(problemOfClientError(error)));
      socket.destroy(error);
    };
    if (last !== undefined && isAnswerDue(last)) last.response.once('close', end);
    else end();
  });
}

/** The fault is in what came after this request, whose answer is under way; one that comes in pieces may have no end. */
function isAnswerDue({ request, response }: Exchange): boolean {
  return request.complete && !response.writableFinished && (!response.headersSent || response.writableEnded);
}

/** A listener for a server with `requireHostHeader: false`: a missing Host is refused here, in words, instead of by Node. */
export function hostGuard(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (request.headers.host !== undefined || request.httpVersion === '1.0') return listener(request, response);
    const body = JSON.stringify(malformedRequestProblem('the Host header is missing'));
    const headers = {
      'content-type': PROBLEM_CONTENT_TYPE,
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    };
    response.writeHead(400, headers).end(body);
  };
}

function problemOfClientError({ code, message }: NodeJS.ErrnoException): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problemOf(
        commonProblems.headersTooLarge,
        'The target and the headers together are too long: shorten them.',
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return problemOf(commonProblems.bodyTooLarge, 'The chunks of the body have too long extensions: send none.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problemOf(commonProblems.requestTimeout, 'The request did not arrive in time. Send it again.');
    default:
      return problemOf(commonProblems.invalidRequest, `This is not a request as HTTP/1.1 has them: ${message}.`);
  }
}

function messageOf(problem: Problem): string {
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${PROBLEM_CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
