import type { HelperAnswer } from './helper.ts';

/** The helper's side of `Helper`: carries out orders one after the other until the channel closes, then ends the process. */
export function answerOrders<Order, Reply>(carryOut: (order: Order) => Reply | Promise<Reply>): void {
  process.on('message', async (order: Order) => {
    let answer: HelperAnswer;
    try {
      answer = { reply: await carryOut(order) };
    } catch (error) {
      answer = { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    process.send?.(answer);
  });
  process.on('disconnect', () => process.exit());
}
