import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpLimits } from '@edgestock/edge-node/limits';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import postgres from 'postgres';
import { answerOrders } from '../process/answer-orders.ts';

export type PostgresReservationsOrder = {
  readonly port: number;
  readonly sku: string;
  readonly units: number;
  /** `row-lock`: BEGIN, SELECT FOR UPDATE, UPDATE, INSERT, COMMIT. `one-statement`: the same in one conditional statement. */
  readonly way: 'row-lock' | 'one-statement';
};
export type PostgresReservationsReply = { readonly url: string };

/** More only queue for the row: 4 to 64 were tried, and this was the fastest of them for both ways. */
const CONNECTIONS = 16;

/**
 * Reservations as a shop on PostgreSQL makes them, behind the same Hono: stock in a row, each reservation a row of its own, a
 * durable commit for each request. `postgres` (postgres.js) with prepared statements.
 */
answerOrders<PostgresReservationsOrder, PostgresReservationsReply>(async ({ port, sku, units, way }) => {
  const sql = postgres({
    host: '127.0.0.1',
    port,
    user: 'bench',
    database: 'postgres',
    max: CONNECTIONS,
    onnotice: () => undefined,
  });
  await sql`CREATE TABLE IF NOT EXISTS stock (sku text PRIMARY KEY, available bigint NOT NULL CHECK (available >= 0))`;
  await sql`CREATE TABLE IF NOT EXISTS reservation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku text NOT NULL, quantity bigint NOT NULL, owner text NOT NULL,
    expires_at timestamptz NOT NULL)`;
  await sql`INSERT INTO stock (sku, available) VALUES (${sku}, ${units}) ON CONFLICT (sku) DO UPDATE SET available = ${units}`;

  const locking = (asked: Reserve) =>
    sql.begin(async (transaction) => {
      const [row] = await transaction<
        { available: string }[]
      >`SELECT available FROM stock WHERE sku = ${asked.sku} FOR UPDATE`;
      if (row === undefined || Number(row.available) < asked.quantity) return undefined;
      await transaction`UPDATE stock SET available = available - ${asked.quantity} WHERE sku = ${asked.sku}`;
      return transaction<{ id: string }[]>`INSERT INTO reservation (sku, quantity, owner, expires_at)
        VALUES (${asked.sku}, ${asked.quantity}, ${asked.owner}, now() + interval '15 minutes') RETURNING id`;
    });
  const conditional = async (asked: Reserve) => {
    const rows = await sql<{ id: string }[]>`WITH taken AS (
        UPDATE stock SET available = available - ${asked.quantity}
        WHERE sku = ${asked.sku} AND available >= ${asked.quantity} RETURNING sku)
      INSERT INTO reservation (sku, quantity, owner, expires_at)
      SELECT sku, ${asked.quantity}, ${asked.owner}, now() + interval '15 minutes' FROM taken RETURNING id`;
    return rows.length === 0 ? undefined : rows;
  };
  const reserve = way === 'row-lock' ? locking : conditional;

  const app = new Hono();
  app.post('/v1/reservations', async (context) => {
    const { owner, lines } = await context.req.json<{ owner: string; lines: { sku: string; quantity: number }[] }>();
    const [line] = lines;
    if (line === undefined) return context.json({}, 400);
    const rows = await reserve({ ...line, owner });
    return rows === undefined
      ? context.json({ code: 'insufficient' }, 409)
      : context.json({ reservation: { id: rows[0]?.id, owner, lines } }, 201);
  });
  const server = createServer(
    { keepAliveTimeout: httpLimits.keepAliveTimeoutMs, noDelay: true },
    getRequestListener(app.fetch, { hostname: '127.0.0.1' }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
});

type Reserve = { readonly sku: string; readonly quantity: number; readonly owner: string };
