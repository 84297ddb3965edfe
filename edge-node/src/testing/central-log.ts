import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import type { Directive } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { must } from '@edgestock/shared/runtime/assert';
import type { DirectiveRun } from '../ledger/directive-inbox.ts';

/** Central's log for one node, as central would write it. */
export class CentralLog {
  readonly centralEpoch: number;
  readonly #entries: { readonly bytes: Uint8Array; readonly hash: Uint8Array }[] = [];

  constructor(centralEpoch = 1) {
    this.centralEpoch = centralEpoch;
  }

  get sequence(): number {
    return this.#entries.length;
  }

  /** Appends directives, or bytes that are none. */
  append(...directives: readonly (Directive | Uint8Array)[]): void {
    for (const directive of directives) {
      const bytes = directive instanceof Uint8Array ? directive : encodeDirective(directive);
      this.#entries.push({ bytes, hash: chainHash(this.#entries.at(-1)?.hash ?? genesisHash, bytes) });
    }
  }

  /** From one sequence to another, both included; by default everything. */
  run(firstSequence = 1, lastSequence = this.sequence): DirectiveRun {
    const entries = this.#entries.slice(firstSequence - 1, lastSequence);
    return {
      centralEpoch: this.centralEpoch,
      firstSequence,
      directives: entries.map(({ bytes }) => bytes),
      hashes: entries.map(({ hash }) => hash),
    };
  }

  /** What a node that carried out everything has as its cursor. */
  cursor(sequence = this.sequence) {
    const { hash } = must(this.#entries[sequence - 1], 'the log reaches that far');
    return { centralEpoch: this.centralEpoch, sequence, hash };
  }
}
