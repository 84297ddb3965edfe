import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { createClient } from '@redis/client';
import { answerOrders } from '../process/answer-orders.ts';
import { RESERVED_MINUTES, type Reserve, serveReservations } from './serve-reservations.ts';

export type RedisReservationsOrder = { readonly url: string; readonly sku: string; readonly units: number };
export type RedisReservationsReply = { readonly url: string };

/** Takes the units and writes the reservation, or does neither: a script has the server for itself. */
const RESERVE = `
  if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then return 0 end
  redis.call('DECRBY', KEYS[1], ARGV[1])
  redis.call('HSET', KEYS[2], 'sku', ARGV[2], 'quantity', ARGV[1], 'owner', ARGV[3], 'expires', ARGV[4])
  return 1`;

/**
 * Reservations as a shop on Redis makes them, behind the same Hono: stock in a counter, each reservation a hash of its own, a script for
 * each request. The client sends what comes in together over one connection, and Redis flushes once for what it reads together.
 */
answerOrders<RedisReservationsOrder, RedisReservationsReply>(async ({ url, sku, units }) => {
  const client = createClient({ url });
  client.on('error', (error: Error) => {
    throw error;
  });
  await client.connect();
  await client.set(stockOf(sku), units);
  const script = await client.scriptLoad(RESERVE);
  const prefix = systemRandom.hex(8);
  let reservations = 0;
  const reserve = async (asked: Reserve) => {
    reservations += 1;
    const id = `${prefix}-${reservations}`;
    const expiresAt = systemClock.now() + RESERVED_MINUTES * 60_000;
    const done = await client.evalSha(script, {
      keys: [stockOf(asked.sku), `reservation:${id}`],
      arguments: [String(asked.quantity), asked.sku, asked.owner, String(expiresAt)],
    });
    return done === 1 ? id : undefined;
  };
  return { url: await serveReservations(reserve) };
});

function stockOf(sku: string): string {
  return `stock:${sku}`;
}
