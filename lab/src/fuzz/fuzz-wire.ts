import { isDeepStrictEqual } from 'node:util';
import { verifyBatch, verifyStates } from '@edgestock/central/ingest/verify-batch';
import {
  decodeDelta,
  decodeDownBatch,
  decodeStateMessage,
  decodeUpBatch,
  encodeDelta,
  encodeDownBatch,
  encodeStateMessage,
  encodeUpBatch,
  WireError,
} from '@edgestock/shared/protocol/codec';
import { decodeDirective, encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { checkStructure } from '@edgestock/shared/protocol/structure';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { Chance } from '../simulation/chance.ts';
import { hold } from '../simulation/violation.ts';
import { mutated, resealed } from './mutate.ts';
import { type MessageKind, samples, warehouse } from './wire-samples.ts';

export type FuzzResult = {
  readonly messages: number;
  /** Could be read all the same: what was changed was a value, and the checksum was made to fit. */
  readonly read: number;
  readonly refused: number;
  /** The longest that one message took to read. */
  readonly slowestMs: number;
  readonly grownMiB: number;
};

type Codec = { readonly decode: (bytes: Uint8Array) => unknown; readonly encode: (value: never) => Uint8Array };

const codecs: Readonly<Record<MessageKind, Codec>> = {
  up: { decode: decodeUpBatch, encode: encodeUpBatch },
  state: { decode: decodeStateMessage, encode: encodeStateMessage },
  down: { decode: decodeDownBatch, encode: encodeDownBatch },
  delta: { decode: decodeDelta, encode: encodeDelta },
  directive: { decode: decodeDirective, encode: encodeDirective },
};
const isSealed = (kind: MessageKind) => kind === 'up' || kind === 'state' || kind === 'down';
/** A message of the wire has half a MiB at most; whoever takes a second for one can be held up by a handful. */
const READ_WITHIN_MS = 1_000;
const SLOW_MS = 50;
const MIB = 1_024 * 1_024;

/**
 * Reads bad messages as both sides do. Nothing but `WireError` may come of them, in bounded time, and what can be read is what it
 * says: well-formed, and the same after it was written again. Throws a `Violation` with the message in hex.
 */
export function fuzzWire({ seed, messages }: { readonly seed: number; readonly messages: number }): FuzzResult {
  const chance = new Chance(seededRandom(seed));
  const others = samples.map(({ bytes }) => bytes);
  const before = process.memoryUsage().rss;
  let [read, slowestMs] = [0, 0];
  for (let count = 0; count < messages; count += 1) {
    const { kind, bytes } = chance.one(samples);
    const changed = mutated(bytes, others, chance);
    const isMeant = isSealed(kind) && chance.happens(0.7);
    const message = isMeant ? resealed(changed) : changed;
    const told = () => `message ${count} of seed ${seed}, ${kind} ${message.toString('hex')}`;
    const startedMs = performance.now();
    const isRead = isReadable(kind, message, told);
    let tookMs = performance.now() - startedMs;
    // The machine may have been busy with something else, the second time hardly as well.
    if (tookMs > SLOW_MS)
      tookMs = Math.min(
        tookMs,
        timeOf(() => isReadable(kind, message, told)),
      );
    slowestMs = Math.max(slowestMs, tookMs);
    if (!isRead) continue;
    read += 1;
    const isDamaged = isSealed(kind) && !isMeant && !message.equals(bytes);
    hold(!isDamaged, () => `message ${count} of seed ${seed} was damaged and read: ${message.toString('hex')}`);
  }
  hold(slowestMs < READ_WITHIN_MS, () => `a message of seed ${seed} took ${slowestMs.toFixed(0)} ms`);
  const grownMiB = (process.memoryUsage().rss - before) / MIB;
  return { messages, read, refused: messages - read, slowestMs, grownMiB };
}

function timeOf(work: () => unknown): number {
  const startedMs = performance.now();
  work();
  return performance.now() - startedMs;
}

function isReadable(kind: MessageKind, message: Buffer, told: () => string): boolean {
  const { decode, encode } = codecs[kind];
  let value: unknown;
  try {
    value = decode(message);
  } catch (error) {
    hold(error instanceof WireError, () => `${String(error)}: ${told()}`);
    return false;
  } finally {
    ingest(kind, message, told);
  }
  hold(checkStructure(message) === undefined, () => `read although it is not well-formed: ${told()}`);
  // A directive of a kind that this release does not know is kept as bytes.
  if (value === undefined) return true;
  const again = decode(encode(value as never));
  hold(isDeepStrictEqual(again, value), () => `reads differently when written again: ${told()}`);
  return true;
}

/** As central takes it: whatever passes is chained as it says, and of its deltas those that cannot be meant are marked. */
function ingest(kind: MessageKind, message: Buffer, told: () => string): void {
  if (kind === 'state') verifyStates(warehouse, message);
  if (kind !== 'up') return;
  const verified = verifyBatch(warehouse, message);
  if (verified.outcome === 'rejected') return;
  const { batch, hashes, entries } = verified.value;
  hold(batch.warehouse === warehouse, () => `of another warehouse: ${told()}`);
  const isWhole = hashes.length === batch.deltas.length && entries.length === batch.deltas.length;
  hold(isWhole && batch.hashLast.length === hashes.at(-1)?.length, () => `not chained: ${told()}`);
  for (const entry of entries) {
    if (entry.kind === 'faulty') continue;
    const numbers = [entry.delta.quantity, ...Object.values(entry.delta.state)];
    hold(numbers.every(Number.isSafeInteger), () => `a number that is none: ${told()}`);
  }
}
