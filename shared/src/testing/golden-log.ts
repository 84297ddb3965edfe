import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Quantities } from '../inventory/position.ts';
import type { EnrolRequest, HeartbeatRequest } from '../protocol/control.ts';

/**
 * What a node of an earlier release said on the wire, kept as it was: written down at a broker between a node and a central of the
 * last commit that wrote the schema. One for every schema that was ever sent; they are never changed. A node with a morning's
 * sales, a delivery, a return, goods scrapped and found; from schema 2 on with a reservation, a transfer, and quota.
 */
export type GoldenLog = {
  readonly schema: number;
  /** Bodies as they were sent, before they were JSON. */
  readonly enrolment: EnrolRequest;
  /** After all of it was sent. */
  readonly heartbeat: HeartbeatRequest;
  /** What its batches come to. */
  readonly positions: readonly (Quantities & {
    readonly sku: string;
    readonly version: number;
    readonly sequence: number;
    readonly at: number;
  })[];
  readonly up: readonly Uint8Array[];
  /** What central of that release sent it. */
  readonly down: readonly Uint8Array[];
};

export const goldenSchemas = [1, 2, 3] as const;

export function goldenLog(schema: (typeof goldenSchemas)[number]): GoldenLog {
  const text = readFileSync(join(import.meta.dirname, 'golden-logs', `schema-${schema}.json`), 'utf8');
  const { up, down, ...rest } = JSON.parse(text) as Omit<GoldenLog, 'up' | 'down'> & Record<'up' | 'down', string[]>;
  const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
  return { ...rest, schema, up: up.map(bytesOf), down: down.map(bytesOf) };
}
