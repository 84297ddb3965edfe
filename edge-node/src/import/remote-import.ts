import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Problem } from '@edgestock/shared/runtime/problem';
import { ImportFailed } from './import-failed.ts';
import type { BeginAnswer, ImportStatus, ImportTarget, NewImport } from './import-target.ts';
import { jsonCall, whyUnanswered } from './json-call.ts';
import type { ImportRow } from './read-rows.ts';
import type { RowProblem } from './row-problem.ts';

/** The node did not answer, or answered that it cannot. */
export class NodeUnreachable extends Error {
  override readonly name = 'NodeUnreachable';
  readonly hint = 'Nothing is lost by calling it again: an import that was begun is found again and gone on with.';
}

const GOES_ON_HINT = 'What was applied stays. Import the same file again, or restart the node, and it goes on.';

const POLL_PERIOD_MS = 200;

/** Imports to a running node, through its HTTP door. */
export class RemoteImport implements ImportTarget {
  readonly #url: string;
  readonly #clock: Clock;

  /** `url` as the node prints it at start: `http://127.0.0.1:7100`. */
  constructor(options: { url: string; clock: Clock }) {
    this.#url = options.url.replace(/\/+$/, '');
    this.#clock = options.clock;
  }

  /** The warehouse that the node serves. */
  async warehouse(): Promise<string> {
    return (await this.#ask<{ warehouse: string }>('GET', '/v1/status')).warehouse;
  }

  async status(id: string): Promise<ImportStatus | undefined> {
    const { answer, response } = await this.#answer('GET', `/v1/imports/${id}`);
    if (response.status === 404 && (answer as Partial<Problem> | undefined)?.code === 'import-unknown')
      return undefined;
    return this.#expected(`/v1/imports/${id}`, response, answer);
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
    const { response, answer } = await this.#answer(method, path, body);
    return this.#expected(path, response, answer);
  }

  async #answer(method: string, path: string, body?: unknown): Promise<{ response: Response; answer: unknown }> {
    const response = await this.#fetch(method, path, body);
    return { response, answer: await response.json().catch(() => undefined) };
  }

  #expected<Answer>(path: string, response: Response, answer: unknown): Answer {
    if (response.ok && answer !== undefined) return answer as Answer;
    const problem = answer as Partial<Problem> | undefined;
    throw new NodeUnreachable(
      `${this.#url}${path} answered ${response.status}: ${problem?.detail ?? 'not what an edge node says; is the address right?'}`,
    );
  }

  async #fetch(method: string, path: string, body: unknown): Promise<Response> {
    try {
      return await jsonCall(this.#url + path, method, body);
    } catch (cause) {
      throw new NodeUnreachable(
        `no node answers at ${this.#url} (${whyUnanswered(cause)}). Is it running, and the address right?`,
        {
          cause,
        },
      );
    }
  }
}
