import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import { raiseStructure, type WritingSession } from '../session.ts';

type UnsettledRow = { readonly warehouse: WarehouseId; readonly until: number | null };
type Known = { readonly structure: number; readonly until: ReadonlyMap<WarehouseId, number | undefined> };

/** Kept at hand, since every change of a position asks, for as long as no process has changed it (`meta.structure`). */
export class PostgresUnsettledTable implements UnsettledTable {
  readonly #session: WritingSession;
  #known: Known | undefined;
  #isTouched = false;

  constructor(session: WritingSession) {
    this.#session = session;
  }

  begin(): void {
    if (this.#isTouched) this.#known = undefined;
    this.#isTouched = false;
  }

  async has(warehouse: WarehouseId): Promise<boolean> {
    return (await this.#until()).has(warehouse);
  }

  async add(warehouse: WarehouseId): Promise<void> {
    await this.#change('INSERT INTO unsettled (warehouse) VALUES ($1) ON CONFLICT (warehouse) DO NOTHING', [warehouse]);
  }

  async addAll(): Promise<void> {
    await this.#change(
      `INSERT INTO unsettled (warehouse) SELECT warehouse FROM node
       ON CONFLICT (warehouse) DO UPDATE SET until = NULL`,
      [],
    );
  }

  async state(warehouse: WarehouseId, sequence: number): Promise<boolean> {
    const until = await this.#until();
    if (!until.has(warehouse) || until.get(warehouse) !== undefined) return false;
    // The first word counts: what the node records later was decided on what this central says.
    await this.#change('UPDATE unsettled SET until = $1 WHERE warehouse = $2 AND until IS NULL', [sequence, warehouse]);
    return true;
  }

  async forget(warehouse: WarehouseId): Promise<void> {
    if (!(await this.has(warehouse))) return;
    await this.#change('UPDATE unsettled SET until = NULL WHERE warehouse = $1', [warehouse]);
  }

  async due(): Promise<readonly WarehouseId[]> {
    if ((await this.#until()).size === 0) return [];
    const rows = await this.#session.rows<{ warehouse: WarehouseId }>(
      `SELECT u.warehouse FROM unsettled u JOIN node n ON n.warehouse = u.warehouse
       WHERE n.applied_up_to >= u.until ORDER BY u.warehouse`,
    );
    return rows.map(({ warehouse }) => warehouse);
  }

  async remove(warehouse: WarehouseId): Promise<void> {
    await this.#change('DELETE FROM unsettled WHERE warehouse = $1', [warehouse]);
  }

  async #until(): Promise<Known['until']> {
    const { structure } = this.#session.meta;
    if (this.#known?.structure !== structure) {
      const rows = await this.#session.rows<UnsettledRow>('SELECT warehouse, until FROM unsettled');
      this.#known = { structure, until: new Map(rows.map(({ warehouse, until }) => [warehouse, until ?? undefined])) };
    }
    return this.#known.until;
  }

  async #change(text: string, parameters: readonly (string | number)[]): Promise<void> {
    this.#known = undefined;
    this.#isTouched = true;
    await this.#session.send(text, parameters);
    await raiseStructure(this.#session);
  }
}
