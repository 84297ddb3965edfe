import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import type { TcpProxy } from '../../proxy/tcp-proxy.ts';

const FAIR_MS = 15_000;
const FOUL_MS = 8_000;

/** Cuts a link now and then and heals it again, until `signal`; tells what it does. */
export async function runWeather(options: {
  readonly links: ReadonlyMap<string, TcpProxy>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly tell: (event: string) => void;
}): Promise<void> {
  const { links, clock, random, signal, tell } = options;
  const all = [...links];
  for (;;) {
    await clock.sleep(FAIR_MS, signal);
    const [warehouse, link] = all[Math.floor(random.fraction() * all.length)] ?? [];
    if (signal.aborted || warehouse === undefined || link === undefined) return;
    link.cut();
    tell(`the link of ${warehouse} is cut for ${FOUL_MS / 1_000} s; its tills go on selling`);
    await clock.sleep(FOUL_MS, signal);
    link.heal();
    if (!signal.aborted) tell(`the link of ${warehouse} is whole again`);
  }
}
