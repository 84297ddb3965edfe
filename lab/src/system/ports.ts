import { once } from 'node:events';
import { createServer } from 'node:net';

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

/**
 * The port to use: the one that was asked for, if it is free, or a free one for 0. Whoever binds it next may still be too
 * late, but then says so; this look is there to name the flag. Throws `PortTaken`.
 */
export async function portFor(wanted: number, flag: string): Promise<number> {
  const probe = createServer();
  try {
    probe.listen(wanted, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    return address !== null && typeof address === 'object' ? address.port : wanted;
  } catch (cause) {
    throw new PortTaken(wanted, flag, cause);
  } finally {
    if (probe.listening) {
      probe.close();
      await once(probe, 'close');
    }
  }
}
