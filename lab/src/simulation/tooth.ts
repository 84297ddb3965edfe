import type { SqliteCentralStore } from '@edgestock/central/store/sqlite/central-store';
import type { DirectiveInbox } from '@edgestock/edge-node/replication/directive-inbox';
import type { Link } from '@edgestock/edge-node/replication/link';
import type { ReplicationLog } from '@edgestock/edge-node/replication/replication-log';
import type { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { LifeKind } from './life-kind.ts';

/** What a node's replication is given. */
export type ReplicationParts = { readonly log: ReplicationLog; readonly inbox: DirectiveInbox; readonly link: Link };

/**
 * A mistake planted on purpose: what the design forbids, put where the product is wired together, so that no line of the product
 * knows of it. A simulator that does not find it within a few seeds would not find it in the product either.
 */
export type Tooth = {
  /** The file it is in. */
  readonly name: string;
  /** What is wrong, in a sentence. */
  readonly breaks: string;
  /** The fault of a real system in which it would lose something. */
  readonly showsIn: string;
  /** Lives within which it is to be found: with room, several times as many as it took, since any change of the simulator deals the seeds anew. */
  readonly seedsMax: number;
  /** Made anew for every life. */
  readonly plant: () => Planted;
};

/** What is put in the place of the product's own, when a process is wired. */
export type Planted = {
  /** Only in lives of this kind could it show. */
  readonly livesWith?: LifeKind;
  readonly nodeClock?: (clock: Clock) => Clock;
  readonly nodeStore?: (store: EdgeStore) => EdgeStore;
  readonly replication?: (parts: ReplicationParts, around: { store: EdgeStore; clock: Clock }) => ReplicationParts;
  /** `file` is the database, for a second connection that commits what the store would not. */
  readonly centralStore?: (store: SqliteCentralStore, around: { file: string; clock: Clock }) => SqliteCentralStore;
  /** What a crash leaves of a database: called with its file in the folder that the next process opens. */
  readonly afterCrash?: (file: string, of: 'node' | 'central') => void;
  /** What a node's way back finds of the books in use, and what it leaves as the new ones, before they are opened. */
  readonly beforeTakeUp?: (file: string) => void;
  readonly afterTakeUp?: (file: string) => void;
};
