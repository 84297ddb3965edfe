import { parseSku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import type { Demand } from '../../api/shop-api.ts';
import { byReceipt } from '../../replay/destination.ts';
import { Gate } from '../../replay/gate.ts';
import { noLines } from '../../replay/interpretation.ts';
import type { NodeRequest } from '../../replay/receipt-requests.ts';
import { Interrupted } from '../once/once.ts';
import { visitShop } from '../shop/customer.ts';
import { type ShopEvent, shopEvents } from './shop-events.ts';
import { allocationLines, type World } from './world.ts';

const CUSTOMERS_AT_ONCE = 16;

/** The invoices of the file, in its order, some customers at a time. */
export async function runShop(world: World): Promise<void> {
  const { path, shop } = world.options.orders;
  const { signal } = world.options;
  const gate = new Gate(CUSTOMERS_AT_ONCE);
  const failures: unknown[] = [];
  const open = new Set<Promise<void>>();
  let number = 0;
  for await (const event of shopEvents(path, shop, noLines())) {
    if (signal.aborted || failures.length > 0) break;
    number += 1;
    await world.pace.reached('orders', number / world.stock.invoices, signal);
    await gate.enter();
    world.cuts.onReceipt(number);
    const going = take(world, event)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        gate.leave();
        open.delete(going);
      });
    open.add(going);
  }
  await Promise.all(open);
  if (failures.length > 0) throw failures[0];
  if (signal.aborted) throw new Interrupted('stopped before the end of the files');
}

async function take(world: World, event: ShopEvent): Promise<void> {
  if (event.event === 'written-off') return writeOff(world, event);
  if (event.event === 'takes-back') return takeBack(world, event);
  const { visit, customer } = event;
  world.counts.visits += 1;
  const over = visitShop(visit, { shop: world.shop, account: world.account });
  const bought = world.boughtBy.get(customer) ?? [];
  const skus = new Set(visit.lines.map(({ sku }) => sku));
  if (customer !== '') world.boughtBy.set(customer, [...bought, { id: visit.id, skus, over }]);
  await over;
}

/** An order that has not left is cancelled; what has arrived comes back to a shelf. */
async function takeBack(
  world: World,
  { id, customer, lines }: ShopEvent & { readonly event: 'takes-back' },
): Promise<void> {
  const bought = (world.boughtBy.get(customer) ?? []).findLast(({ skus }) => lines.every(({ sku }) => skus.has(sku)));
  if (bought !== undefined && (await bought.over)) {
    world.counts.cancelRequests += 1;
    await world.shop.cancel(bought.id, `taken back by ${id}`);
    const shipped = allocationLines(await world.shop.order(bought.id)).filter((line) => line.shipped > 0);
    if (shipped.length === 0) return;
  }
  await atNode(world, id, '/v1/returns', lines);
}

async function writeOff(world: World, { id, lines }: ShopEvent & { readonly event: 'written-off' }): Promise<void> {
  const warehouse = must(byReceipt(world.options.warehouses)({ receipt: id }), 'some warehouse');
  const there = lines.map(({ sku, quantity }) => ({ sku, quantity: world.shelves.take(warehouse, sku, quantity) }));
  await atNode(
    world,
    id,
    '/v1/movements',
    there.filter(({ quantity }) => quantity > 0),
  );
}

async function atNode(
  world: World,
  id: string,
  path: '/v1/returns' | '/v1/movements',
  lines: readonly Demand[],
): Promise<void> {
  if (lines.length === 0) return;
  const warehouse = must(byReceipt(world.options.warehouses)({ receipt: id }), 'some warehouse');
  const isReturn = path === '/v1/returns';
  const body = isReturn ? { till: 'web', receipt: id, lines } : { kind: 'scrap', reason: 'damaged', lines };
  const changes = lines.map(({ sku, quantity }) => ({
    sku: must(parseSku(sku), 'the shop sells articles'),
    units: isReturn ? quantity : -quantity,
  }));
  const request: NodeRequest = { warehouse, path, body, key: `${path} ${id}`, changes };
  const reply = await world.node(warehouse).record(request);
  if (reply.reply === 'refused') throw new Error(`${warehouse} refused ${id}: ${reply.detail}`);
  world.moved(request);
}
