import { Agent, request } from 'node:http';
import type { MovementKind } from '@edgestock/shared/inventory/movement';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { HttpService } from '@edgestock/shared/runtime/http-service';
import { serveHttp } from '../http/serve-http.ts';
import type { RecordedMovement } from '../ledger/command.ts';
import { httpLimits } from '../limits.ts';
import { type AnswerBody, OpenDoors } from './open-doors.ts';
import type { TestSite } from './site.ts';

/** What one of many callers was told. */
export type HammeredAnswer = {
  readonly status: number;
  /** The answer is that of an earlier, equal request. */
  readonly isReplayed: boolean;
  readonly body: AnswerBody;
};

/** A node's doors behind a real socket, for many callers who really are under way at once. */
export class HammeredDoors {
  readonly #doors: OpenDoors;
  readonly #service: HttpService;
  readonly #agent: Agent;

  private constructor(doors: OpenDoors, service: HttpService, callersMax: number) {
    this.#doors = doors;
    this.#service = service;
    this.#agent = new Agent({ keepAlive: true, maxSockets: callersMax });
  }

  static async open(callersMax: number): Promise<HammeredDoors> {
    const doors = new OpenDoors({ clock: systemClock });
    const service = await serveHttp(doors.answers, { port: 0, limits: httpLimits, clock: systemClock });
    return new HammeredDoors(doors, service, callersMax);
  }

  get site(): TestSite {
    return this.#doors.site;
  }

  receive(text: string, quantity: number): Promise<void> {
    return this.#doors.receive(text, quantity);
  }

  /** Every caller has a connection of its own. */
  post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<HammeredAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${this.#service.url}${path}`,
        { method: 'POST', agent: this.#agent, headers: { 'content-type': 'application/json', ...headers } },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              isReplayed: response.headers['idempotency-replayed'] === 'true',
              body: JSON.parse(text),
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(JSON.stringify(body));
    });
  }

  /** Every state that the log went through, as anybody could have seen it; of some kinds of movements only, if any are named. */
  log(...kinds: readonly MovementKind[]): readonly RecordedMovement[] {
    const all = this.site.ledger.view.movementsAfter(0, 100_000);
    return kinds.length === 0 ? all : all.filter(({ kind }) => kinds.includes(kind));
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.#service.stop();
    this.#doors.close();
  }
}

/** So many callers at the same moment. */
export function atOnce<Told>(callers: number, one: (index: number) => Promise<Told>): Promise<readonly Told[]> {
  return Promise.all(Array.from({ length: callers }, (_, index) => one(index)));
}

/** How many were told what: by status, and by code where it was a no. */
export function tally(answers: readonly HammeredAnswer[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const name = body.code === undefined ? String(status) : `${status} ${body.code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
