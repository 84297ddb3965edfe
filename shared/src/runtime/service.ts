/** Something that runs until stopped. `stop` is idempotent, drains what was accepted, and resolves when nothing is left running. */
export type Service = {
  stop(): Promise<void>;
};

/** Stops services in the reverse order of their start, so that user-facing parts drain before what they stand on. */
export class ServiceStack implements Service {
  readonly #started: { name: string; service: Service }[] = [];
  #stopping: Promise<void> | undefined;

  add<S extends Service>(name: string, service: S): S {
    this.#started.push({ name, service });
    return service;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Every service gets its chance to stop, even after one has failed; the failures are thrown together at the end. */
  async #stopAll(): Promise<void> {
    const failures: Error[] = [];
    for (const { name, service } of this.#started.reverse()) {
      try {
        await service.stop();
      } catch (cause) {
        failures.push(new Error(`could not stop ${name}`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some services did not stop cleanly');
  }
}
