import type { Link } from '@edgestock/edge-node/replication/link';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

/** Warehouse, epoch, instance, range, hash; what follows is the run since the last rewind. */
const PARTS_WITHOUT_RUN = 5;

export const sameMessageId: Tooth = {
  name: 'same-message-id',
  breaks: 'what is sent again has the id of its first copy',
  showsIn: 'a broker that lost the message and remembers its id: it swallows every copy and says thanks',
  seedsMax: 150,
  plant: () => ({
    replication: ({ log, inbox, link }) => {
      const publish: Link['publish'] = (subject, bytes, messageId) =>
        link.publish(subject, bytes, messageId.split('.').slice(0, PARTS_WITHOUT_RUN).join('.'));
      return { log, inbox, link: over(link, { publish }) };
    },
  }),
};
