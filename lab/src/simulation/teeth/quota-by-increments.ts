import type { DirectiveInbox } from '@edgestock/edge-node/replication/directive-inbox';
import type { Sku } from '@edgestock/shared/inventory/ids';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const quotaByIncrements: Tooth = {
  name: 'quota-by-increments',
  breaks: "a node adds up what central's answers give back, instead of taking the largest total it was told",
  showsIn:
    'the same units told twice: by the answer and by the directive, or by an answer to a process that began anew',
  seedsMax: 300,
  plant: () => ({
    replication: ({ log, inbox, link }, { store }) => {
      const told = new Map<Sku, number>();
      const takeBack: DirectiveInbox['takeBack'] = (totals) => {
        const added = totals.map(({ sku, total }) => {
          const increment = total - (told.get(sku) ?? 0);
          told.set(sku, total);
          return { sku, total: (store.shelves.stateRow(sku)?.state.returned ?? 0) + increment };
        });
        return inbox.takeBack(added);
      };
      return { log, link, inbox: over(inbox, { takeBack }) };
    },
  }),
};
