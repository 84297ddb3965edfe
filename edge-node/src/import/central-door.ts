import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import { DoorFailed, type JsonDoor } from '@edgestock/shared/runtime/json-door';
import type { Random } from '@edgestock/shared/runtime/random';
import { importLimits } from './limits.ts';

/** Central's door, for commands. What is put there may be repeated: a central that is busy or starting is asked again. */
export class CentralDoor {
  readonly #door: JsonDoor;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ door, clock, random }: { readonly door: JsonDoor; readonly clock: Clock; readonly random: Random }) {
    this.#door = door;
    this.#clock = clock;
    this.#random = random;
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#door.ask('GET', path);
  }

  /** Puts a whole state; goes on trying for a while when central cannot take it now. Throws `DoorFailed`. */
  async put<Answer>(path: string, body: unknown): Promise<Answer> {
    const { centralRetryFirstMs: firstDelayMs, centralRetryMsMax: delayMsMax, centralTriesMax } = importLimits;
    const backoff = new Backoff({ firstDelayMs, delayMsMax, random: this.#random });
    for (;;) {
      try {
        return await this.#door.ask('PUT', path, { body });
      } catch (error) {
        const isPassing = error instanceof DoorFailed && error.isPassing;
        if (!isPassing || backoff.attempt >= centralTriesMax) throw error;
        await this.#clock.sleep(backoff.nextDelayMs());
      }
    }
  }
}
