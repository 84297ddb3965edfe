import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recounts, rejoinReply, type StateAhead, type TakenOver } from '@edgestock/shared/protocol/rejoin';
import { flushed } from '@edgestock/shared/sqlite/database-file';
import { z } from 'zod';

const FILE = 'rejoin.json';

const takenOver = rejoinReply.refine((reply): reply is TakenOver => reply.outcome === 'taken-over');

/** A rejoin under way, as it survives a crash. Each step is written down before the next one begins. */
const rejoinState = z.object({
  /** Made for this rejoin: central answers it always the same. */
  instance: z.string(),
  sawEpoch: z.number().int().nonnegative(),
  recount: z.enum(recounts).optional(),
  askedAt: z.number().int(),
  /** Absent until central has decided. */
  taken: takenOver.optional(),
  /** Absent until the whole log is taken over. */
  statesAhead: z
    .array(z.object({ sku: z.string(), onHand: z.number(), unsellable: z.number(), granted: z.number() }))
    .optional(),
});
export type RejoinState = Omit<z.infer<typeof rejoinState>, 'taken' | 'statesAhead'> & {
  readonly taken?: TakenOver | undefined;
  readonly statesAhead?: readonly StateAhead[] | undefined;
};

/** `undefined` where none is under way. Throws when the file cannot be read: then nobody knows how far it has got. */
export function readRejoin(dataDir: string): RejoinState | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return rejoinState.parse(JSON.parse(text)) as RejoinState;
}

export function writeRejoin(dataDir: string, state: RejoinState): void {
  const path = join(dataDir, FILE);
  writeFileSync(`${path}.part`, JSON.stringify(state));
  flushed(`${path}.part`, path);
}

export function removeRejoin(dataDir: string): void {
  rmSync(join(dataDir, FILE), { force: true });
}
