import type { Order } from '../../api/shop-api.ts';
import { remark } from '../../command/answers.ts';
import { siteMismatches } from '../../model/site-mismatches.ts';
import { Gate } from '../../replay/gate.ts';
import { oversoldUnits } from '../shop/oversold.ts';
import { proofOf } from './log-proof.ts';
import { allocationLines, backorderedOf, sumOf, type World } from './world.ts';

const AT_ONCE = 8;

/** The books of node and central against the shelves and against everybody's own account. */
export async function proofOfRun(world: World, measured: { readonly seconds: number; readonly oversoldMost: number }) {
  const skus = [...new Set([...world.stock.wanted.keys(), ...world.account.skus])];
  const mismatches = await Promise.all(
    [...world.nodes].map(([warehouse, node]) =>
      siteMismatches(warehouse, { model: world.shelves.of(warehouse), node, central: world.central }),
    ),
  );
  const onHand = new Map<string, number>();
  for (const warehouse of world.nodes.keys()) {
    for (const [sku, told] of await world.central.positions(warehouse)) {
      onHand.set(sku, (onHand.get(sku) ?? 0) + told.onHand);
    }
  }
  const proofs = await Promise.all([...world.sites.values()].map((site) => proofOf(site.log())));
  const orders = await world.orders();
  const unbalanced = world.flows.unbalanced(onHand);
  for (const sku of unbalanced.slice(0, 10)) remark(`does not add up: ${sku}, ${onHand.get(sku) ?? 0} on hand`);
  const unfinished = await unfinishedOrders(world);
  const shippedByOrders = sumOf(orders.flatMap(allocationLines).map(({ shipped }) => shipped));
  const { oversold, held } = await lastCount(world, skus);
  return {
    invoices: world.stock.invoices,
    visits: world.counts.visits,
    refusedCarts: world.account.refusals,
    orders: orders.length,
    ordersDone: orders.filter(({ state }) => state === 'done').length,
    ordersCancelled: orders.filter(({ state }) => state === 'cancelled').length,
    ordersWaiting: orders.filter((order) => order.state === 'firm' && backorderedOf(order) > 0).length,
    cancelRequests: world.counts.cancelRequests,
    tillReceipts: world.counts.receipts,
    tillsEmptyHanded: world.counts.tillsEmptyHanded,
    warehouses: world.nodes.size,
    linksCut: world.linksCut,
    skus: skus.length,
    promisedUnits: world.account.promisedUnits,
    receivedUnits: world.flows.total('received'),
    returnedUnits: world.flows.total('returned'),
    soldUnits: world.flows.total('sold'),
    shippedUnits: world.flows.total('shipped'),
    lostUnits: world.flows.total('lost'),
    writtenOffUnits: world.flows.total('writtenOff'),
    onHandUnits: sumOf(onHand.values()),
    freedUnits: world.counts.freed,
    logSteps: sumOf(proofs.map(({ steps }) => steps)),
    seconds: measured.seconds,
    oversold: Math.max(oversold, measured.oversoldMost),
    overpromisedSteps: sumOf(proofs.map(({ overpromised }) => overpromised)),
    heldUnits: held,
    unbalancedSkus: unbalanced.length,
    shippedDifference: Math.abs(
      shippedByOrders + sumOf(proofs.map(({ shippedLate }) => shippedLate)) - world.flows.total('shipped'),
    ),
    unfinishedOrders: unfinished.length,
    mismatchedPositions: mismatches.flat().length,
  };
}

/** On all SKUs, when nothing moves any more: then nothing may be held for anybody either. */
async function lastCount(
  world: World,
  skus: readonly string[],
): Promise<{ readonly oversold: number; readonly held: number }> {
  const witnesses = { account: world.account, sites: [...world.sites.values()] };
  const gate = new Gate(AT_ONCE);
  const counted = await Promise.all(
    skus.map(async (sku) => {
      await gate.enter();
      try {
        const shares = await world.shop.shares(sku);
        const below = sumOf(shares.map(({ unspent }) => Math.max(0, -unspent)));
        const beyond = await oversoldUnits([sku], witnesses);
        if (below + beyond > 0)
          remark(`oversold: ${sku}, ${world.account.netOf(sku)} promised, ${JSON.stringify(shares)}`);
        return {
          oversold: below + beyond,
          held: sumOf(shares.map(({ held }) => held)),
        };
      } finally {
        gate.leave();
      }
    }),
  );
  return {
    oversold: sumOf(counted.map(({ oversold }) => oversold)) + (await world.shop.oversold()),
    held: sumOf(counted.map(({ held }) => held)),
  };
}

/** Orders that have neither ended nor wait for goods only. */
export async function unfinishedOrders(world: World): Promise<readonly Order[]> {
  const going = [...(await world.orders('placed')), ...(await world.orders('firm'))];
  return going.filter((order) => {
    const isMoving = allocationLines(order).some(({ quantity, shipped, givenUp }) => quantity > shipped + givenUp);
    return order.state === 'placed' || isMoving || backorderedOf(order) === 0;
  });
}
