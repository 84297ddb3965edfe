import { chunkHash, type SnapshotRequest } from '@edgestock/shared/protocol/snapshot';
import { decodeSnapshotChunk, encodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import type { Chance } from './chance.ts';

type Chunk = Extract<SnapshotRequest, { readonly ask: 'chunk' }>;

/**
 * A chunk of a snapshot that is no longer what its node's books say: bits of it turned over on its way, which its own hash tells,
 * or a number did before it was packed, in a memory that nobody checks: then nothing but the root does.
 */
export function damagedChunk(chunk: Chunk, chance: Chance): Chunk {
  const bytes = Buffer.from(chunk.bytes, 'base64');
  if (chance.happens(0.5)) {
    const place = chance.between(0, bytes.length - 1);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << chance.between(0, 7));
    return { ...chunk, bytes: bytes.toString('base64') };
  }
  const { rows, ...of } = decodeSnapshotChunk(bytes);
  const units = chance.one([1, 2, 40]);
  const untrue = rows.map((row, index) => {
    if (index > 0) return row;
    const { granted, quota } = row.state;
    return { ...row, state: { ...row.state, granted: granted + units, quota: quota + units } };
  });
  const packed = encodeSnapshotChunk({ ...of, rows: untrue });
  return { ...chunk, hash: chunkHash(packed).toString('hex'), bytes: packed.toString('base64') };
}
