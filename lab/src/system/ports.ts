import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemRandom } from '@edgestock/shared/runtime/random';

/** Somebody else listens there. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
  readonly hint: string;

  constructor(port: number, flag: string, cause: unknown) {
    super(`port ${port} is taken`, { cause });
    this.hint =
      `Nothing was started: what answers on the default ports may be another edgestock. Stop what listens on ${port}, ` +
      `or choose another with ${flag} (0 takes a free one).`;
  }
}

/** Where free ports are taken from: Linux gives those from 32768 on to outgoing connections, which would take one back in between. */
const FREE_FROM = 20_000;
const FREE_COUNT = 12_000;
const ATTEMPTS_MAX = 20;

/**
 * The port to use: the one that was asked for, if it is free, or a free one for 0. Whoever binds it next may still be too
 * late, but then says so; this look is there to name the flag. Throws `PortTaken`.
 */
export async function portFor(wanted: number, flag: string): Promise<number> {
  for (let attempt = 1; wanted === 0 && attempt <= ATTEMPTS_MAX; attempt += 1) {
    // Somebody has it: another one.
    const port = await bound(FREE_FROM + Math.floor(systemRandom.fraction() * FREE_COUNT)).catch(() => undefined);
    if (port !== undefined) return port;
  }
  try {
    return await bound(wanted);
  } catch (cause) {
    throw new PortTaken(wanted, flag, cause);
  }
}

/** The port that was bound for a moment; rejects where that cannot be done. */
async function bound(port: number): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    return address !== null && typeof address === 'object' ? address.port : port;
  } finally {
    if (probe.listening) {
      probe.close();
      await once(probe, 'close');
    }
  }
}
