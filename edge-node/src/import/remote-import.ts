import type { Clock } from '@edgestock/shared/runtime/clock';
import { DoorFailed, type JsonDoor } from '@edgestock/shared/runtime/json-door';
import { ImportFailed } from './import-failed.ts';
import type { BeginAnswer, ImportStatus, ImportTarget, NewImport } from './import-target.ts';
import type { ImportRow } from './read-rows.ts';
import type { RowProblem } from './row-problem.ts';

const AGAIN_HINT = 'Nothing is lost by calling it again: an import that was begun is found again and gone on with.';
const GOES_ON_HINT = 'What was applied stays. Import the same file again, or restart the node, and it goes on.';

const POLL_PERIOD_MS = 200;

/** Imports to a running node, through its HTTP door. */
export class RemoteImport implements ImportTarget {
  readonly #door: JsonDoor;
  readonly #clock: Clock;

  constructor({ door, clock }: { readonly door: JsonDoor; readonly clock: Clock }) {
    this.#door = door;
    this.#clock = clock;
  }

  async status(id: string): Promise<ImportStatus | undefined> {
    try {
      return await this.#ask<ImportStatus>('GET', `/v1/imports/${id}`);
    } catch (error) {
      if (error instanceof DoorFailed && error.code === 'import-unknown') return undefined;
      throw error;
    }
  }

  begin({ id, kind, document, rowCount }: NewImport): Promise<BeginAnswer> {
    return this.#ask('POST', `/v1/imports/${kind}`, { id, document, rowCount });
  }

  async stage(id: string, rows: readonly ImportRow[]): Promise<readonly RowProblem[]> {
    const { problems } = await this.#ask<{ problems: readonly RowProblem[] }>('PUT', `/v1/imports/${id}/rows`, rows);
    return problems;
  }

  async apply(id: string, onProgress: (status: ImportStatus) => void): Promise<ImportStatus> {
    let status = await this.#ask<ImportStatus>('POST', `/v1/imports/${id}/apply`, {});
    while (status.state !== 'done') {
      if (status.state === 'failed') throw new ImportFailed(status.failure ?? `the node could not apply import ${id}`);
      if (status.failure !== undefined)
        throw new ImportFailed(`the node stopped applying: ${status.failure}`, GOES_ON_HINT);
      await this.#clock.sleep(POLL_PERIOD_MS);
      status = await this.#ask('GET', `/v1/imports/${id}`);
      onProgress(status);
    }
    return status;
  }

  async drop(id: string): Promise<void> {
    await this.#ask('DELETE', `/v1/imports/${id}`);
  }

  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    try {
      return await this.#door.ask(method, path, { body });
    } catch (cause) {
      if (!(cause instanceof DoorFailed)) throw cause;
      const { message, code, isPassing } = cause;
      const hint = [cause.hint, AGAIN_HINT].filter((line) => line !== '').join('\n');
      throw new DoorFailed(message, { code, isPassing, hint, cause });
    }
  }
}
