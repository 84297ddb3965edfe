import { chainHash } from '@edgestock/shared/protocol/chain';
import { decodeDelta, decodeStateMessage, decodeUpBatch, WireError } from '@edgestock/shared/protocol/codec';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import { faultOfDelta } from '../rules/delta-fault.ts';
import { sameHash } from '../rules/same-hash.ts';
import type { BatchEntry, VerifiedBatch } from '../rules/verified-batch.ts';

export type Verification<T> =
  | { readonly outcome: 'verified'; readonly value: T }
  /** Damaged, or not from whom it claims to be (docs/protocol.md "The log up"). */
  | { readonly outcome: 'rejected'; readonly fault: string };

/**
 * Checks a message of the `up` lane: size, CRC and structure by the codec, the node against the subject, the chain over the
 * bytes. A delta that cannot be applied does not spoil its batch: its bytes are part of the chain, whatever they say.
 */
export function verifyBatch(subjectWarehouse: string, bytes: Uint8Array): Verification<VerifiedBatch> {
  return decoded(
    subjectWarehouse,
    () => decodeUpBatch(bytes),
    (batch) => {
      const hashes: Uint8Array[] = [];
      let last = batch.hashBefore;
      for (const delta of batch.deltas) {
        last = chainHash(last, delta);
        hashes.push(last);
      }
      if (!sameHash(last, batch.hashLast)) return rejected('the deltas do not hash to what the batch states');
      const entries = batch.deltas.map((delta, index) => entryOf(delta, batch.firstSequence + index));
      return { outcome: 'verified', value: { batch, bytes, hashes, entries } };
    },
  );
}

export function verifyStates(subjectWarehouse: string, bytes: Uint8Array): Verification<StateMessage> {
  return decoded(
    subjectWarehouse,
    () => decodeStateMessage(bytes),
    (value) => ({ outcome: 'verified', value }),
  );
}

function decoded<M extends { readonly warehouse: string }, T>(
  subjectWarehouse: string,
  decode: () => M,
  verify: (message: M) => Verification<T>,
): Verification<T> {
  let message: M;
  try {
    message = decode();
  } catch (error) {
    if (error instanceof WireError) return rejected(error.message);
    throw error;
  }
  if (message.warehouse !== subjectWarehouse) {
    return rejected(`it says it is from ${message.warehouse}, its subject says ${subjectWarehouse}`);
  }
  return verify(message);
}

function entryOf(bytes: Uint8Array, sequence: number): BatchEntry {
  try {
    const delta = decodeDelta(bytes);
    const fault = faultOfDelta(delta, sequence);
    return fault === undefined ? { kind: 'delta', delta } : { kind: 'faulty', fault, delta };
  } catch (error) {
    if (error instanceof WireError) return { kind: 'faulty', fault: error.message };
    throw error;
  }
}

function rejected(fault: string): { readonly outcome: 'rejected'; readonly fault: string } {
  return { outcome: 'rejected', fault };
}
