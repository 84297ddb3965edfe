import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { Pick, Task, TaskLine, TaskState, TaskStep } from '../rules/task.ts';

type TaskRow = {
  readonly number: number;
  readonly id: string;
  readonly order: string;
  readonly state: TaskState;
  readonly dueAt: number | null;
  readonly tracking: string | null;
  readonly madeAt: number;
  readonly changedAt: number;
};
type LineRow = Omit<TaskLine, 'picks'> & { readonly picks: string };

const TASK = `number, id, order_id AS "order", state, due_at AS dueAt, tracking, made_at AS madeAt, changed_at AS changedAt`;

/** A page of tasks, oldest first; `next` continues it. */
export type TaskPage = { readonly tasks: readonly Task[]; readonly next: number | undefined };

/** What one task still has committed of a SKU. */
export type TaskShare = { readonly task: string; readonly order: string; readonly units: number };

/** The work that central's allocations are here, and the steps done of it. */
export class TaskStore {
  readonly #find: Statement<[string], TaskRow>;
  readonly #lines: Statement<[string], LineRow>;
  readonly #save: Statement<[string, string, string, number | null, string | null, number, number]>;
  readonly #saveLine: Statement<[string, string, number, number, number, string]>;
  readonly #step: Statement<[string, string], { fingerprint: string; answer: string }>;
  readonly #saveStep: Statement<[string, string, string, string | null, string, number]>;
  readonly #page: Statement<[number, number], TaskRow>;
  readonly #pageOfState: Statement<[string, number, number], TaskRow>;
  readonly #openCount: Statement<[], { open: number }>;
  readonly #ofSku: Statement<[string, number], TaskShare>;
  readonly #forgettable: Statement<[number, number], { id: string }>;
  readonly #forget: readonly Statement<[string]>[];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.#find = database.prepare(`SELECT ${TASK} FROM task WHERE id = ?`);
    this.#lines = database.prepare(
      'SELECT sku, quantity, released, shipped, picks FROM task_line WHERE task = ? ORDER BY sku',
    );
    this.#save = database.prepare(`
      INSERT INTO task (id, order_id, state, due_at, tracking, made_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET state = excluded.state, tracking = excluded.tracking, changed_at = excluded.changed_at`);
    this.#saveLine = database.prepare(`
      INSERT INTO task_line (task, sku, quantity, released, shipped, picks) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (task, sku) DO UPDATE SET released = excluded.released, shipped = excluded.shipped, picks = excluded.picks`);
    this.#step = database.prepare('SELECT fingerprint, answer FROM task_step WHERE task = ? AND step = ?');
    this.#saveStep = database.prepare(
      'INSERT INTO task_step (task, step, fingerprint, actor, answer, at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#page = database.prepare(`SELECT ${TASK} FROM task WHERE number > ? ORDER BY number LIMIT ?`);
    this.#pageOfState = database.prepare(
      `SELECT ${TASK} FROM task WHERE state = ? AND number > ? ORDER BY number LIMIT ?`,
    );
    this.#openCount = database.prepare("SELECT count(*) AS open FROM task WHERE state IN ('open', 'picked', 'packed')");
    this.#ofSku = database.prepare(`
      SELECT task, order_id AS "order", quantity - released - shipped AS units FROM task_line JOIN task ON task.id = task
      WHERE sku = ? AND quantity - released - shipped <> 0 ORDER BY number LIMIT ?`);
    // In the words of the index of ended tasks.
    this.#forgettable = database.prepare(`
      SELECT id FROM task WHERE state IN ('shipped', 'released') AND changed_at < ? ORDER BY changed_at LIMIT ?`);
    this.#forget = ['task_step WHERE task', 'task_line WHERE task', 'task WHERE id'].map((which) =>
      database.prepare(`DELETE FROM ${which} = ?`),
    );
  }

  find(id: string): Task | undefined {
    const row = this.#find.get(id);
    return row === undefined ? undefined : this.#taskOf(row);
  }

  /** Writes the task as it is now. Its lines are the same for ever; only what became of them changes. */
  save(task: Task): void {
    const { id, order, state, dueAt, tracking, madeAt, changedAt } = task;
    this.#save.run(id, order, state, dueAt ?? null, tracking ?? null, madeAt, changedAt);
    for (const { sku, quantity, released, shipped, picks } of task.lines) {
      this.#saveLine.run(id, sku, quantity, released, shipped, JSON.stringify(picks));
    }
  }

  /** The request by which a step was done, and the task as its sender was told. */
  step(task: string, step: TaskStep): { readonly fingerprint: string; readonly answer: Task } | undefined {
    const row = this.#step.get(task, step);
    return row === undefined ? undefined : { fingerprint: row.fingerprint, answer: JSON.parse(row.answer) };
  }

  saveStep(done: { task: Task; step: TaskStep; fingerprint: string; actor?: string }, now: number): void {
    const { task, step, fingerprint, actor } = done;
    this.#saveStep.run(task.id, step, fingerprint, actor ?? null, JSON.stringify(task), now);
  }

  /** Tasks after a place in the order of their arrival; of one state, or of all. */
  page(state: TaskState | undefined, after: number, limit: number): TaskPage {
    const rows = state === undefined ? this.#page.all(after, limit) : this.#pageOfState.all(state, after, limit);
    return {
      tasks: rows.map((row) => this.#taskOf(row)),
      next: rows.length === limit ? rows.at(-1)?.number : undefined,
    };
  }

  /** Tasks that are neither shipped nor released. */
  openCount(): number {
    return this.#openCount.get()?.open ?? 0;
  }

  /** The tasks behind a SKU's committed units, oldest first. */
  ofSku(sku: Sku, limit: number): readonly TaskShare[] {
    return this.#ofSku.all(sku, limit);
  }

  /** Drops tasks that ended long ago with their lines and steps, the oldest first. Returns how many. */
  forget(options: { readonly endedBefore: number; readonly rowsMax: number }): number {
    const ids = this.#forgettable.all(options.endedBefore, options.rowsMax);
    if (ids.length === 0) return 0;
    this.#database.transaction(() => {
      for (const { id } of ids) for (const statement of this.#forget) statement.run(id);
    })();
    return ids.length;
  }

  #taskOf({ number: _, dueAt, tracking, ...row }: TaskRow): Task {
    return {
      ...row,
      lines: this.#lines.all(row.id).map((line) => ({ ...line, picks: JSON.parse(line.picks) as Pick[] })),
      ...(dueAt === null ? {} : { dueAt }),
      ...(tracking === null ? {} : { tracking }),
    };
  }
}
