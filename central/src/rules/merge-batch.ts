import type { Sku } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import { must } from '@edgestock/shared/runtime/assert';
import { type GrantFact, grantFactOf } from './grant-fact.ts';
import { type TaskFact, taskFactOf } from './task-fact.ts';
import { type TransferFact, transferFactOf } from './transfer-fact.ts';
import type { VerifiedBatch } from './verified-batch.ts';

/** What a batch comes to: the last state of each SKU, and what could not be applied. */
export type MergedBatch = {
  readonly states: ReadonlyMap<Sku, StateRow>;
  readonly faults: readonly DeltaFault[];
  /** SKUs whose last word was faulty, with the version that was lost. */
  readonly suspects: ReadonlyMap<Sku, number>;
  /** What the deltas say of documents that may be tasks of orders, in their order. */
  readonly taskFacts: readonly TaskFact[];
  /** What they say of transfers. */
  readonly transferFacts: readonly TransferFact[];
  /** Every grant, with the state it led to: later ones of its SKU do not tell whether it was right. */
  readonly grants: readonly GrantFact[];
  /** The node's wall clock at the last readable delta; 0 when there is none. */
  readonly lastAt: number;
};

export type DeltaFault = {
  readonly sequence: number;
  readonly fault: string;
  readonly sku?: Sku;
  readonly bytes: Uint8Array;
};

/** Of several deltas of one SKU only the last state needs writing: it is whole. The first `skip` deltas are left out. */
export function mergeBatch(verified: VerifiedBatch, skip: number): MergedBatch {
  const { batch, entries } = verified;
  const states = new Map<Sku, StateRow>();
  const suspects = new Map<Sku, number>();
  const faults: DeltaFault[] = [];
  const taskFacts: TaskFact[] = [];
  const transferFacts: TransferFact[] = [];
  const grants: GrantFact[] = [];
  let lastAt = 0;
  for (let index = skip; index < entries.length; index += 1) {
    const entry = must(entries[index], 'one entry per delta');
    const sequence = batch.firstSequence + index;
    if (entry.kind === 'delta') {
      const { sku, version, state, at } = entry.delta;
      states.set(sku, { sku, version, sequence, state, at });
      suspects.delete(sku);
      const fact = taskFactOf(entry.delta);
      if (fact !== undefined) taskFacts.push(fact);
      const transferFact = transferFactOf(entry.delta);
      if (transferFact !== undefined) transferFacts.push(transferFact);
      const grant = grantFactOf(entry.delta);
      if (grant !== undefined) grants.push(grant);
      lastAt = at;
    } else {
      const sku = entry.delta?.sku;
      faults.push({
        sequence,
        fault: entry.fault,
        bytes: must(batch.deltas[index], 'one delta per entry'),
        ...(sku === undefined ? {} : { sku }),
      });
      if (entry.delta !== undefined) suspects.set(entry.delta.sku, entry.delta.version);
    }
  }
  return { states, faults, suspects, taskFacts, transferFacts, grants, lastAt };
}
