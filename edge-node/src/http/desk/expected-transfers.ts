import { isShipmentKnown, type Transfer } from '../../ledger/command.ts';
import type { HttpDependencies } from '../dependencies.ts';

/** Transfers looked at for each SKU, and told of at most. */
const LISTED_MAX = 5;

/**
 * Other transfers under way to here with goods of one that nobody has told of, as members of the answer; none where all is as
 * usual. Its source or name may have been mistyped at the dock, and the true one would stay open: a hint, for the goods are here.
 */
export function expectedInstead(transfer: Transfer, { ledger }: Pick<HttpDependencies, 'ledger'>) {
  if (transfer.closing !== undefined || isShipmentKnown(transfer)) return {};
  const underWay = transfer.lines.flatMap(({ sku }) =>
    ledger.transfers
      .ofSku(sku, LISTED_MAX)
      .filter(({ to, inTransit }) => to === transfer.to && inTransit > 0)
      .map(({ transfer: id, from, inTransit }) => ({ id, from, sku, inTransit })),
  );
  if (underWay.length === 0) return {};
  const names = [...new Set(underWay.map(({ id, from }) => `${id} from ${from}`))].slice(0, LISTED_MAX).join(', ');
  return {
    expected: underWay.slice(0, LISTED_MAX),
    hint: `Nobody has told of ${transfer.id} from ${transfer.from}, and goods like these are under way: ${names}. If these are they, close both transfers (POST /v1/transfers/{id}/close): the goods are counted once, and neither stays open.`,
  };
}
