import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpLimits } from '@edgestock/edge-node/limits';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';

/** One line of a storefront's reservation. */
export type Reserve = { readonly sku: string; readonly quantity: number; readonly owner: string };

/** For so long units stay reserved. */
export const RESERVED_MINUTES = 15;

/**
 * The door in front of a peer: Hono on the server settings of the product, with the same request and answers as central's. `reserve`
 * gives the id of the reservation once it is durable, or nothing when there are not so many units. Returns the address.
 */
export async function serveReservations(reserve: (asked: Reserve) => Promise<string | undefined>): Promise<string> {
  const app = new Hono();
  app.post('/v1/reservations', async (context) => {
    const { owner, lines } = await context.req.json<{ owner: string; lines: { sku: string; quantity: number }[] }>();
    const [line] = lines;
    if (line === undefined) return context.json({}, 400);
    const id = await reserve({ ...line, owner });
    return id === undefined
      ? context.json({ code: 'insufficient' }, 409)
      : context.json({ reservation: { id, owner, lines } }, 201);
  });
  const server = createServer(
    { keepAliveTimeout: httpLimits.keepAliveTimeoutMs, noDelay: true },
    getRequestListener(app.fetch, { hostname: '127.0.0.1' }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
