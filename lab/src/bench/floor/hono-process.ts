import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpLimits } from '@edgestock/edge-node/limits';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { answerOrders } from '../process/answer-orders.ts';

/** The constant that the GET answers with: the body and headers of one real answer. */
export type HonoOrder = { readonly constantBody: string };
export type HonoReply = { readonly url: string };

/**
 * The floor of HTTP: Hono on the same server with the same settings as the node's, and nothing behind it. The GET returns a
 * constant, the POST parses its JSON and returns it.
 */
answerOrders<HonoOrder, HonoReply>(async ({ constantBody }) => {
  const app = new Hono();
  const answer = () => new Response(constantBody, { headers: { 'content-type': 'application/json' } });
  app.get('/v1/stock/:sku', answer);
  app.get('/v1/availability/:sku', answer);
  app.post('/v1/sales', async (context) => {
    const body: unknown = await context.req.json();
    return new Response(JSON.stringify(body), { status: 201, headers: { 'content-type': 'application/json' } });
  });
  const server = createServer(
    {
      headersTimeout: httpLimits.headersTimeoutMs,
      requestTimeout: httpLimits.requestTimeoutMs,
      keepAliveTimeout: httpLimits.keepAliveTimeoutMs,
      noDelay: true,
    },
    getRequestListener(app.fetch, { hostname: '127.0.0.1' }),
  );
  server.maxConnections = httpLimits.connectionsMax;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
});
