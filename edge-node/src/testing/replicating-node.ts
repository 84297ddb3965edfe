import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { Replication } from '../replication/replication.ts';
import type { Restoration } from '../replication/standing.ts';
import { InMemoryInbox } from './in-memory-inbox.ts';
import { InMemoryLog } from './in-memory-log.ts';
import { ModelCentral } from './model-central.ts';
import { noFaults, SimulatedLink } from './simulated-link.ts';
import { SimulatedStream } from './simulated-stream.ts';

/** One node, the simulated line and the model of central, on virtual time. */
export type ReplicatingNode = {
  readonly clock: VirtualClock;
  readonly log: InMemoryLog;
  readonly inbox: InMemoryInbox;
  readonly central: ModelCentral;
  readonly stream: SimulatedStream;
  readonly link: SimulatedLink;
  readonly replication: Replication;
  /** Stops the node and starts another one on the same books, under the same faults. */
  restart(): Promise<ReplicatingNode>;
};

export function replicatingNode(
  options: {
    seed?: number;
    isConnected?: boolean;
    retentionMs?: number;
    hasInbox?: boolean;
    restoration?: Restoration;
    before?: (log: InMemoryLog) => void;
  } = {},
): ReplicatingNode {
  const clock = new VirtualClock();
  const random = seededRandom(options.seed ?? 1);
  const log = new InMemoryLog({ warehouse: 'BER1', clock });
  options.before?.(log);
  const inbox = new InMemoryInbox(clock);
  log.carriedOut = () => inbox.cursor().sequence;
  const central = new ModelCentral(clock);
  const stream = new SimulatedStream();
  central.directives.send = (bytes, messageId) => stream.add(bytes, messageId);
  const begin = (isConnected: boolean, faults = noFaults): ReplicatingNode => {
    const link = new SimulatedLink({ clock, random, farEnd: central, isConnected, stream });
    link.faults = faults;
    const replication = new Replication({
      log,
      ledger: log,
      link,
      clock,
      random,
      events: silentLog,
      digestAt: (sequence) => log.digestAt(sequence),
      retentionMs: options.retentionMs ?? 7 * 24 * 3_600_000,
      ...(options.hasInbox === false ? {} : { inbox }),
      ...(options.restoration === undefined ? {} : { restoration: options.restoration }),
    });
    const restart = async () => {
      const { isConnected: wasConnected } = link;
      const stopped = replication.stop();
      await clock.advance(1_000);
      await stopped;
      return begin(wasConnected, link.faults);
    };
    return { clock, log, inbox, central, stream, link, replication, restart };
  };
  return begin(options.isConnected ?? true);
}

/** `count` SKU names, each a few times. */
export function skuNames(count: number, distinct: number): string[] {
  return Array.from({ length: count }, (_, index) => `SKU-${index % distinct}`);
}
