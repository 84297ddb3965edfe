import { once } from 'node:events';
import { createServer } from 'node:net';

/** A loopback port that nobody listens on: another process may take it before its user does. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  probe.close();
  await once(probe, 'close');
  return port;
}
