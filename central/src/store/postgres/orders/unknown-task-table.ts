import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TaskFacts } from '../../../rules/task-fact.ts';
import type { UnknownTask } from '../../promise-store.ts';
import type { UnknownTaskTable } from '../../tables/order-table.ts';
import { firstRow, type Parameter, type Session } from '../session.ts';

type TaskRow = Omit<UnknownTask, 'releasedAt'> & { readonly releasedAt: number | null };

/** In the words of the index `unknown_task_open`. */
const IS_OPEN = 'quantity > shipped + given_up';

/** `UnknownTaskTable` on PostgreSQL. */
export class PostgresUnknownTaskTable implements UnknownTaskTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(warehouse: WarehouseId, task: string): Promise<UnknownTask | undefined> {
    const [found] = await this.#tasks('warehouse = $1 AND task = $2', [warehouse, task]);
    return found;
  }

  async open(
    after: Pick<UnknownTask, 'warehouse' | 'task'> | undefined,
    limit: number,
  ): Promise<readonly UnknownTask[]> {
    return this.#tasks(
      `(warehouse, task) IN (SELECT DISTINCT warehouse, task FROM unknown_task
        WHERE ${IS_OPEN} AND (warehouse, task) > ($1, $2) ORDER BY warehouse, task LIMIT $3)`,
      [after?.warehouse ?? '', after?.task ?? '', limit],
    );
  }

  async openCount(): Promise<number> {
    const row = await firstRow<{ tasks: number }>(
      this.#session,
      `SELECT count(*) AS tasks FROM (SELECT DISTINCT warehouse, task FROM unknown_task WHERE ${IS_OPEN}) open`,
    );
    return row?.tasks ?? 0;
  }

  async report({ fact, warehouse, task, lines }: TaskFacts, now: number): Promise<void> {
    const parameters = [
      ...[warehouse, task],
      lines.map(({ sku }) => sku),
      lines.map(({ quantity }) => quantity),
    ] as const;
    const told = 'unnest($3::text[], $4::bigint[]) AS told (sku, units)';
    if (fact === 'allocate') {
      await this.#session.send(
        `INSERT INTO unknown_task (warehouse, task, sku, quantity, shipped, given_up, heard_at)
        SELECT $1, $2, sku, units, 0, 0, $5 FROM ${told}
        ON CONFLICT (warehouse, task, sku) DO UPDATE SET quantity = unknown_task.quantity + excluded.quantity`,
        [...parameters, now],
      );
      return;
    }
    // What was given up and left all the same was not given up.
    const counted =
      fact === 'ship'
        ? 'shipped = shipped + units, given_up = least(given_up, greatest(0, quantity - shipped - units))'
        : 'given_up = least(given_up + units, greatest(0, quantity - shipped))';
    await this.#session.send(
      `UPDATE unknown_task SET ${counted} FROM ${told} WHERE warehouse = $1 AND task = $2 AND unknown_task.sku = told.sku`,
      parameters,
    );
  }

  async released(warehouse: WarehouseId, task: string, now: number): Promise<void> {
    await this.#session.send('UPDATE unknown_task SET released_at = $3 WHERE warehouse = $1 AND task = $2', [
      warehouse,
      task,
      now,
    ]);
  }

  async remove(warehouse: WarehouseId, task: string): Promise<void> {
    await this.#session.send('DELETE FROM unknown_task WHERE warehouse = $1 AND task = $2', [warehouse, task]);
  }

  async #tasks(where: string, parameters: readonly Parameter[]): Promise<readonly UnknownTask[]> {
    const rows = await this.#session.rows<TaskRow>(
      // When it was heard of and released is said of the task; the first line's word counts.
      `SELECT warehouse, task, (array_agg(heard_at ORDER BY sku))[1] AS "heardAt",
        (array_agg(released_at ORDER BY sku))[1] AS "releasedAt",
        json_agg(json_build_object('sku', sku, 'quantity', quantity, 'shipped', shipped, 'givenUp', given_up)
          ORDER BY sku) AS lines
      FROM unknown_task WHERE ${where} GROUP BY warehouse, task ORDER BY warehouse, task`,
      parameters,
    );
    return rows.map(({ releasedAt, ...task }) => ({ ...task, ...(releasedAt === null ? {} : { releasedAt }) }));
  }
}
