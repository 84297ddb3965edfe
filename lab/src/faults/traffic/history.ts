/** What somebody wanted: goods at a node, or a promise of central. */
export type Operation = {
  /** Document at a node, id of a reservation at central. */
  readonly id: string;
  readonly door: 'node' | 'central';
  /** Whose books it changes; of a promise, central's. */
  readonly warehouse: string;
  readonly changes: readonly { readonly sku: string; readonly units: number }[];
};

/** What its sender knows of it. `unknown` = sent, and no answer came. */
export type Ending = 'ok' | 'refused' | 'unknown';
export type Ended = Operation & { readonly ending: Ending };

type Event = { readonly atMs: number; readonly id: string; readonly type: 'invoke' | Ending };

/**
 * What was asked and answered, in the words of those who asked. An operation may be sent several times: one answer that says
 * "done" settles it; without one, an attempt that was never answered may have been carried out, whatever a later answer says.
 */
export class History {
  readonly events: Event[] = [];
  readonly #operations = new Map<string, Operation>();
  readonly #endings = new Map<string, Ending>();

  invoke(operation: Operation, atMs: number): void {
    this.#operations.set(operation.id, operation);
    this.events.push({ atMs, id: operation.id, type: 'invoke' });
  }

  end({ id }: Operation, ending: Ending, atMs: number): void {
    this.events.push({ atMs, id, type: ending });
    const before = this.#endings.get(id);
    if (before === 'ok' || (before === 'unknown' && ending === 'refused')) return;
    this.#endings.set(id, ending);
  }

  /** Each operation once, with the strongest thing that is known of it. One that was never ended counts as unknown. */
  ended(door: Operation['door'], warehouse?: string): readonly Ended[] {
    return [...this.#operations.values()]
      .filter((operation) => operation.door === door && (warehouse === undefined || operation.warehouse === warehouse))
      .map((operation) => ({ ...operation, ending: this.#endings.get(operation.id) ?? 'unknown' }));
  }

  count(ending: Ending): number {
    return [...this.#endings.values()].filter((known) => known === ending).length;
  }

  /** The latest answer that said "done"; `undefined` before the first. */
  lastOkAtMs(): number | undefined {
    return this.events.findLast(({ type }) => type === 'ok')?.atMs;
  }
}
