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

/** No warehouse can have this id: what comes of it is a probe of central's own. */
const PROBE = '_probe';

/** Where central publishes to itself, to see whether a shard still carries anything. */
export function probeSubject(lane: Lane, shard: number): string {
  return `${ROOT}.${lane}.${shard}.${PROBE}`;
}

/** True of a message by which central tries out a shard. */
export function isProbe(subject: string): boolean {
  return warehouseOfSubject(subject) === PROBE;
}

/** Name of the durable consumer of one lane of one shard. */
export function laneConsumer(lane: Lane, shard: number): string {
  return `central-${lane}-${shard}`;
}

/** The one stream of everything that goes down; `limits` retention, trimmed behind what the nodes have carried out. */
export const DOWN_STREAM = `EDGESTOCK_DOWN_V${PROTOCOL_MAJOR}`;
export const downStreamSubjects = [`${ROOT}.down.>`];

/** Where central publishes its log for one node, batch by batch, in order. */
export function downSubject(warehouse: WarehouseId): string {
  return `${ROOT}.down.${shardOf(warehouse)}.${warehouse}`;
}

/** Name of the durable consumer of one node on the stream down. Central makes it: a node manages nothing at the broker. */
export function downConsumer(warehouse: WarehouseId): string {
  return `edge-${warehouse}`;
}

/** Core NATS request: a node asks central to give back quota, now, for somebody who stands at its counter. */
export function lastUnitsSubject(warehouse: WarehouseId): string {
  return `${ROOT}.last-units.${warehouse}`;
}

/** Core NATS request: the acknowledgement channel. */
export function heartbeatSubject(warehouse: WarehouseId): string {
  return `${ROOT}.heartbeat.${warehouse}`;
}

/** Core NATS request: a node asks to be known, and gets its epoch. */
export function enrolSubject(warehouse: WarehouseId): string {
  return `${ROOT}.enrol.${warehouse}`;
}

/** Core NATS request: a node that was restored, cloned or rebuilt asks to be the one that goes on, and for its log. */
export function rejoinSubject(warehouse: WarehouseId): string {
  return `${ROOT}.rejoin.${warehouse}`;
}

/** Core NATS request: a node whose log no longer reaches back to central's cursor sends a snapshot, chunk by chunk. */
export function snapshotSubject(warehouse: WarehouseId): string {
  return `${ROOT}.snapshot.${warehouse}`;
}

export const anyHeartbeat = `${ROOT}.heartbeat.*`;
export const anyEnrolment = `${ROOT}.enrol.*`;
export const anyLastUnits = `${ROOT}.last-units.*`;
export const anyRejoin = `${ROOT}.rejoin.*`;
export const anySnapshot = `${ROOT}.snapshot.*`;

/** The node a message claims to come from by its subject: its last token. The broker's permissions vouch for it. */
export function warehouseOfSubject(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}
