import type { CentralReader } from '../store/central-store.ts';

/** Which store, and which life of it, the revisions that go out are of. Another one begins with each epoch of central. */
export class StoreLife {
  readonly #reader: CentralReader;
  #current: string;

  private constructor(reader: CentralReader, current: string) {
    this.#reader = reader;
    this.#current = current;
  }

  static async of(reader: CentralReader): Promise<StoreLife> {
    return new StoreLife(reader, await reader.life());
  }

  get current(): string {
    return this.#current;
  }

  /** Another one has begun. */
  async readAgain(): Promise<void> {
    this.#current = await this.#reader.life();
  }
}
