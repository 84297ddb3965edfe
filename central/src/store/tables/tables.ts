import type { AvailabilityWriter } from './availability-table.ts';
import type { BatchLog, BatchLogWriter } from './batch-log.ts';
import type { CatalogueReader, CatalogueWriter } from './catalogue-table.ts';
import type { BufferReader, ChannelReader, ChannelWriter } from './channel-table.ts';
import type { DownLog, DownLogWriter, DownTrimTable } from './down-table.ts';
import type { EpochTable, UnsettledTable } from './epoch-table.ts';
import type { HoldReader, HoldWriter } from './hold-table.ts';
import type { LifeReader, LifeWriter } from './life-table.ts';
import type { NodeReader, NodeWriter } from './node-table.ts';
import type { OrderFinder, OrderReader, OrderWriter, UnknownTaskTable } from './order-table.ts';
import type { PolicyReader, PolicyRecallTable, PolicyWriter } from './policy-table.ts';
import type { PositionDigestTable, PositionRepairTable, PositionWriter } from './position-table.ts';
import type { QuarantineTable } from './quarantine-table.ts';
import type { QuotaTable, RecallDebtTable } from './quota-table.ts';
import type { AnswerTable, ReservationReader, ReservationWriter } from './reservation-table.ts';
import type { SnapshotReader, SnapshotWriter } from './snapshot-table.ts';
import type { TransferTable, TransferWriter } from './transfer-table.ts';

/**
 * All that a store keeps, as its desks see it: one set for each store, on the connection that writes. What a desk reads is what
 * the transaction has left so far, also where a table collects what it is told and writes it later.
 */
export interface Tables {
  readonly nodes: NodeReader;
  readonly nodeWriter: NodeWriter;
  readonly batchLog: BatchLog;
  readonly batchLogWriter: BatchLogWriter;
  readonly lives: LifeReader;
  readonly lifeWriter: LifeWriter;
  readonly positions: PositionWriter;
  readonly positionRepair: PositionRepairTable;
  readonly positionDigests: PositionDigestTable;
  readonly availability: AvailabilityWriter;
  readonly quarantine: QuarantineTable;
  readonly snapshots: SnapshotReader;
  readonly snapshotWriter: SnapshotWriter;

  readonly epochs: EpochTable;
  readonly unsettled: UnsettledTable;
  readonly downLog: DownLog;
  readonly downLogWriter: DownLogWriter;
  readonly downTrim: DownTrimTable;

  readonly channels: ChannelReader;
  readonly channelWriter: ChannelWriter;
  readonly buffers: BufferReader;
  readonly catalogue: CatalogueReader;
  readonly catalogueWriter: CatalogueWriter;
  readonly policies: PolicyReader;
  readonly policyWriter: PolicyWriter;
  readonly policyRecalls: PolicyRecallTable;

  readonly quota: QuotaTable;
  readonly recallDebts: RecallDebtTable;
  readonly holds: HoldReader;
  readonly holdWriter: HoldWriter;
  readonly answers: AnswerTable;
  readonly reservations: ReservationReader;
  readonly reservationWriter: ReservationWriter;
  readonly orders: OrderReader;
  readonly orderWriter: OrderWriter;
  readonly orderFinder: OrderFinder;
  readonly unknownTasks: UnknownTaskTable;
  readonly transfers: TransferTable;
  readonly transferWriter: TransferWriter;
}
