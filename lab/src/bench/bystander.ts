import { grouped, median } from './figure.ts';

/**
 * A bystander is a process with no part in the work that gets the same offered requests while it goes on: how much longer it takes
 * then is the wait for a core that all share. This says so beside a tail that was measured meanwhile.
 */
export function bystanderNote(
  bystander: string,
  p99s: { readonly meanwhile: readonly number[]; readonly idle: readonly number[] },
): string {
  const [meanwhile, idle] = [median(p99s.meanwhile), median(p99s.idle)];
  return `${bystander} asked alike meanwhile: p99 ${grouped(meanwhile)} ms, ${grouped(meanwhile / idle)} × its own ${grouped(idle)} ms when nothing else goes on`;
}
