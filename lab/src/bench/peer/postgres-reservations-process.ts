import postgres from 'postgres';
import { answerOrders } from '../process/answer-orders.ts';
import { RESERVED_MINUTES, type Reserve, serveReservations } from './serve-reservations.ts';

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
      const rows = await transaction<{ id: string }[]>`INSERT INTO reservation (sku, quantity, owner, expires_at)
        VALUES (${asked.sku}, ${asked.quantity}, ${asked.owner}, now() + make_interval(mins => ${RESERVED_MINUTES}))
        RETURNING id`;
      return rows[0]?.id;
    });
  const conditional = async (asked: Reserve) => {
    const rows = await sql<{ id: string }[]>`WITH taken AS (
        UPDATE stock SET available = available - ${asked.quantity}
        WHERE sku = ${asked.sku} AND available >= ${asked.quantity} RETURNING sku)
      INSERT INTO reservation (sku, quantity, owner, expires_at)
      SELECT sku, ${asked.quantity}, ${asked.owner}, now() + make_interval(mins => ${RESERVED_MINUTES}) FROM taken
      RETURNING id`;
    return rows[0]?.id;
  };
  return { url: await serveReservations(way === 'row-lock' ? locking : conditional) };
});
