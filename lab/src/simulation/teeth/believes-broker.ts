import type { Link } from '@edgestock/edge-node/replication/link';
import { decodeUpBatch } from '@edgestock/shared/protocol/codec';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const believesBroker: Tooth = {
  name: 'believes-broker',
  breaks: 'a node takes what the broker has acknowledged for applied, and would trim its log behind that',
  showsIn: 'a power cut of the broker, which takes the end of what it had acknowledged',
  seedsMax: 30,
  plant: () => ({
    replication: ({ log, inbox, link }) => {
      const publish: Link['publish'] = async (subject, bytes, messageId) => {
        await link.publish(subject, bytes, messageId);
        if (subject.includes('.up.')) log.setAppliedUpTo(decodeUpBatch(bytes).lastSequence);
      };
      return { log, inbox, link: over(link, { publish }) };
    },
  }),
};
