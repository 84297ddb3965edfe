import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { Replication } from '../replication/replication.ts';
import { InMemoryLog } from './in-memory-log.ts';
import { ModelCentral } from './model-central.ts';
import { SimulatedLink } from './simulated-link.ts';

/** One node, the simulated line and the model of central, on virtual time. */
export type ReplicatingNode = {
  readonly clock: VirtualClock;
  readonly log: InMemoryLog;
  readonly central: ModelCentral;
  readonly link: SimulatedLink;
  readonly replication: Replication;
};

export function replicatingNode(
  options: { seed?: number; isConnected?: boolean; retentionMs?: number; before?: (log: InMemoryLog) => void } = {},
): ReplicatingNode {
  const clock = new VirtualClock();
  const random = seededRandom(options.seed ?? 1);
  const log = new InMemoryLog({ warehouse: 'BER1', clock });
  options.before?.(log);
  const central = new ModelCentral(clock);
  const link = new SimulatedLink({ clock, random, farEnd: central, isConnected: options.isConnected ?? true });
  const replication = new Replication({
    log,
    ledger: log,
    link,
    clock,
    random,
    events: silentLog,
    retentionMs: options.retentionMs ?? 7 * 24 * 3_600_000,
  });
  return { clock, log, central, link, replication };
}

/** `count` SKU names, each a few times. */
export function skuNames(count: number, distinct: number): string[] {
  return Array.from({ length: count }, (_, index) => `SKU-${index % distinct}`);
}
