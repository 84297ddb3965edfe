import { must } from '@edgestock/shared/runtime/assert';
import { byReceipt } from '../../replay/destination.ts';
import { noLines, wholeReceipts } from '../../replay/interpretation.ts';
import { type NodeRequest, requestsOf } from '../../replay/receipt-requests.ts';
import { readSalesFile } from '../../replay/sales-file.ts';
import { sendRequests } from '../../replay/send-requests.ts';
import { Interrupted } from '../once/once.ts';
import type { World } from './world.ts';

/** Few: goods in the baskets of customers who queue lie on no shelf, and pickers look for them in vain. */
const TILLS = { inFlightMax: 8, queuedMax: 16 };

/** The receipts of the file, as far as their goods could be carried to the till. */
export async function runTills(world: World): Promise<void> {
  const { path, shop } = world.options.tills;
  const { signal } = world.options;
  const spread = byReceipt(world.options.warehouses);
  const taken = async function* (): AsyncGenerator<NodeRequest> {
    for await (const receipt of wholeReceipts(readSalesFile(path, shop), shop.interpretation, noLines())) {
      if (signal.aborted) return;
      world.counts.receipts += 1;
      await world.pace.reached('tills', world.counts.receipts / world.stock.tillReceipts, signal);
      const warehouse = must(spread({ receipt: `${receipt.warehouse} ${receipt.id}` }), 'some warehouse');
      const lines = receipt.lines.flatMap((line) => carried(world, warehouse, line));
      if (lines.length === 0) world.counts.tillsEmptyHanded += 1;
      yield* requestsOf({ warehouse, id: `${receipt.warehouse}-${receipt.id}`, lines });
    }
  };
  await sendRequests(
    taken(),
    (warehouse) => world.node(warehouse),
    (request, reply) => {
      if (reply.reply === 'refused') throw new Error(`${request.warehouse} refused a till: ${reply.detail}`);
      world.moved(request);
    },
    TILLS,
  );
  if (signal.aborted) throw new Interrupted('stopped before the end of the files');
}

/** A line as far as its goods could be carried to the till, as the article of the web shop that it stands for. */
function carried<
  Line extends { readonly goods: { readonly meaning: string; readonly sku: string; readonly quantity: number } },
>(world: World, warehouse: string, line: Line): readonly Line[] {
  const sku = world.stock.articleOf(line.goods.sku);
  const { meaning, quantity } = line.goods;
  const there = meaning === 'return' ? quantity : world.shelves.take(warehouse, sku, quantity);
  return there === 0 ? [] : [{ ...line, warehouse, goods: { ...line.goods, sku, quantity: there } }];
}
