import { crc32 } from 'node:zlib';
import type { WarehouseId } from '../inventory/ids.ts';
import { PROTOCOL_MAJOR, SHARD_COUNT } from './version.ts';

const ROOT = `edgestock.v${PROTOCOL_MAJOR}`;

/** The one stream of everything that goes up; `limits` retention, trimmed by central behind its cursors. */
export const UP_STREAM = `EDGESTOCK_UP_V${PROTOCOL_MAJOR}`;
export const upStreamSubjects = [`${ROOT}.up.>`, `${ROOT}.state.>`];

/** A node's shard: stable for its life, computed by both sides, so that one filter per consumer works on every server version. */
export function shardOf(warehouse: WarehouseId): number {
  return crc32(warehouse) % SHARD_COUNT;
}

/** Where a node publishes its log, batch by batch, in order. */
export function upSubject(warehouse: WarehouseId): string {
  return `${ROOT}.up.${shardOf(warehouse)}.${warehouse}`;
}

/** Where a node that is far behind publishes current states ahead of its history, so that availability is right at once. */
export function stateSubject(warehouse: WarehouseId): string {
  return `${ROOT}.state.${shardOf(warehouse)}.${warehouse}`;
}

export type Lane = 'up' | 'state';

export function laneFilter(lane: Lane, shard: number): string {
  return `${ROOT}.${lane}.${shard}.*`;
}

/** Name of the durable consumer of one lane of one shard. */
export function laneConsumer(lane: Lane, shard: number): string {
  return `central-${lane}-${shard}`;
}

/** Core NATS request: the acknowledgement channel. */
export function heartbeatSubject(warehouse: WarehouseId): string {
  return `${ROOT}.heartbeat.${warehouse}`;
}

/** Core NATS request: a node asks to be known, and gets its epoch. */
export function enrolSubject(warehouse: WarehouseId): string {
  return `${ROOT}.enrol.${warehouse}`;
}

export const anyHeartbeat = `${ROOT}.heartbeat.*`;
export const anyEnrolment = `${ROOT}.enrol.*`;

/** The node a message claims to come from by its subject: its last token. The broker's permissions vouch for it. */
export function warehouseOfSubject(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}
