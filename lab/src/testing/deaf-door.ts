import { TcpProxy } from '../proxy/tcp-proxy.ts';
import type { Attempt, CallHistory } from './call-history.ts';
import { until } from './running-command.ts';

/** So that what is killed is killed in the middle. */
const LOOK_MS = 1;

/**
 * A door before the one of a process. It lets everything through until the process is to be killed: then what is asked gets
 * in and is done, no answer comes out, and the kill is in the middle of it, whatever the machine is busy with.
 */
export class DeafDoor {
  readonly url: string;
  readonly #link: TcpProxy;

  private constructor(link: TcpProxy) {
    this.#link = link;
    this.url = `http://127.0.0.1:${link.port}`;
  }

  static async before(url: string): Promise<DeafDoor> {
    return new DeafDoor(await TcpProxy.start({ host: '127.0.0.1', port: Number(new URL(url).port) }));
  }

  /**
   * Kills the process once it is known to have done something for `some` callers of which they have not heard, while it answers
   * `others`. Tells the calls that were under way to it then, and when all callers have come to their end.
   */
  async killUnheard(what: {
    readonly history: CallHistory;
    /** Calls that must be under way. */
    readonly callsMin: number;
    readonly withinMs: number;
    readonly some: () => Promise<unknown>;
    readonly isUnheard: () => Promise<boolean>;
    readonly others: () => Promise<unknown>;
    readonly kill: () => Promise<void>;
  }): Promise<{ readonly caught: readonly Attempt[]; readonly answered: Promise<unknown> }> {
    const { history, callsMin, withinMs, some, isUnheard, others, kill } = what;
    this.#link.link = { state: 'half-open', swallows: 'downstream' };
    const asking = [some()];
    const areCaught = async () => history.underWay(this.url).length >= callsMin && (await isUnheard());
    await until(areCaught, withinMs, 'something is done of which nobody has heard, and callers wait', LOOK_MS);
    const { swallowedBytes } = this.#link;
    asking.push(others());
    const isAtWork = () => this.#link.swallowedBytes > swallowedBytes;
    await until(isAtWork, withinMs, 'others are answered, and do not hear it', LOOK_MS);
    const caught = history.underWay(this.url);
    await kill();
    this.#link.heal();
    return { caught, answered: Promise.all(asking) };
  }

  stop(): Promise<void> {
    return this.#link.stop();
  }
}
