import { connect } from 'node:net';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { centralLimits } from '../../limits.ts';
import { TlsNotOffered } from './server-refusal.ts';

/** The request for TLS that comes before everything else, and the answer of a server that has none. */
const TLS_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const NO = 'N';
const DEFAULT_PORT = 5_432;

/**
 * The driver goes on with TLS whatever the server answers, and one that has none hangs up: that looks like a server that is away. So it
 * is asked. Any other error is returned as it came.
 */
export async function asTlsRefusal(error: unknown, address: string, clock: Clock): Promise<unknown> {
  if (!(error instanceof Error) || !error.message.includes('before secure TLS connection')) return error;
  const isRefused = (await answersOf(address, clock)).includes(NO);
  return isRefused ? new TlsNotOffered('the server offers no TLS', { cause: error }) : error;
}

/** Of each server of the address, which may be several. */
function answersOf(address: string, clock: Clock): Promise<readonly (string | undefined)[]> {
  const [, authority = ''] = /^\w+:\/\/([^/?]*)/.exec(address) ?? [];
  const servers = authority.slice(authority.lastIndexOf('@') + 1).split(',');
  return Promise.all(
    servers.map((server) => {
      const { hostname, port } = new URL(`postgres://${server}/`);
      return answerOf({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_PORT) }, clock);
    }),
  );
}

function answerOf(at: { readonly host: string; readonly port: number }, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(at, () => socket.write(TLS_REQUEST));
    const end = (answer: string | undefined) => {
      cancel();
      socket.destroy();
      resolve(answer);
    };
    const cancel = clock.after(centralLimits.serverConnectMsMax, () => end(undefined));
    socket.once('data', (bytes) => end(bytes.toString('latin1', 0, 1)));
    socket.once('error', () => end(undefined));
    socket.once('close', () => end(undefined));
  });
}
