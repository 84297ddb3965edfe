import type { DirectiveInbox } from '@edgestock/edge-node/replication/directive-inbox';
import { must } from '@edgestock/shared/runtime/assert';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

/** Until the second of the two. */
const SECOND_COMMIT_MS = 10;

export const inboxCursorFirst: Tooth = {
  name: 'inbox-cursor-first',
  breaks:
    "a node's cursor in central's log is durable before the effect of the directive is: two commits instead of one",
  showsIn: 'a crash between the two: the directive is carried out by nobody, and never sent again',
  seedsMax: 150,
  plant: () => ({
    replication: ({ log, inbox, link }, { store, clock }) => {
      const carryOut: DirectiveInbox['carryOut'] = async (run) => {
        const before = inbox.cursor();
        const sequence = run.firstSequence + run.directives.length - 1;
        const hash = must(run.hashes.at(-1), 'a run is not empty');
        store.documents.directives.move({ centralEpoch: run.centralEpoch, sequence, hash });
        await clock.sleep(SECOND_COMMIT_MS);
        // The second commit. The product knows no such thing, so the first one is taken back just before it.
        store.documents.directives.move(before);
        return inbox.carryOut(run);
      };
      return { log, link, inbox: over(inbox, { carryOut }) };
    },
  }),
};
