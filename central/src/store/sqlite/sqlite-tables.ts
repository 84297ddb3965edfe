import type { Database } from 'better-sqlite3';
import type { Tables } from '../tables/tables.ts';
import { SqliteCatalogueReader, SqliteCatalogueWriter } from './catalogue/catalogue-table.ts';
import { SqliteBufferReader, SqliteChannelReader, SqliteChannelWriter } from './catalogue/channel-table.ts';
import { SqlitePolicyRecallTable } from './catalogue/policy-recall-table.ts';
import { SqlitePolicyReader, SqlitePolicyWriter } from './catalogue/policy-table.ts';
import { SqliteDownLog, SqliteDownLogWriter } from './down/down-log.ts';
import { SqliteDownTrimTable } from './down/down-trim-table.ts';
import { SqliteEpochTable } from './epochs/epoch-table.ts';
import { SqliteUnsettledTable } from './epochs/unsettled-table.ts';
import { SqliteOrderFinder } from './orders/order-finder.ts';
import { SqliteOrderReader, SqliteOrderWriter } from './orders/order-table.ts';
import { SqliteUnknownTaskTable } from './orders/unknown-task-table.ts';
import { SqliteAvailabilityWriter } from './positions/availability-table.ts';
import { SqliteBatchLog, SqliteBatchLogWriter } from './positions/batch-log.ts';
import { SqliteLifeReader, SqliteLifeWriter } from './positions/life-table.ts';
import { SqliteNodeReader, SqliteNodeWriter } from './positions/node-table.ts';
import { SqlitePositionDigestTable } from './positions/position-digest-table.ts';
import { SqlitePositionRepairTable } from './positions/position-repair-table.ts';
import { SqlitePositionWriter } from './positions/position-table.ts';
import { SqliteQuarantineTable } from './positions/quarantine-table.ts';
import { SqliteAnswerTable } from './promises/answer-table.ts';
import { SqliteHoldReader, SqliteHoldWriter } from './promises/hold-table.ts';
import { SqliteQuotaTable } from './promises/quota-table.ts';
import { SqliteRecallDebtTable } from './promises/recall-debt-table.ts';
import { SqliteReservationReader, SqliteReservationWriter } from './promises/reservation-table.ts';
import { SqliteSnapshotReader, SqliteSnapshotWriter } from './snapshots/snapshot-table.ts';
import { SqliteTransferTable, SqliteTransferWriter } from './transfers/transfer-table.ts';

/** The tables on the one connection that writes: all of them answer at once. */
export function sqliteTables(database: Database): Tables {
  const unsettled = new SqliteUnsettledTable(database);
  const availability = new SqliteAvailabilityWriter(database, unsettled);
  return {
    nodes: new SqliteNodeReader(database),
    nodeWriter: new SqliteNodeWriter(database),
    batchLog: new SqliteBatchLog(database),
    batchLogWriter: new SqliteBatchLogWriter(database),
    lives: new SqliteLifeReader(database),
    lifeWriter: new SqliteLifeWriter(database),
    positions: new SqlitePositionWriter(database, availability),
    positionRepair: new SqlitePositionRepairTable(database),
    positionDigests: new SqlitePositionDigestTable(database),
    availability,
    quarantine: new SqliteQuarantineTable(database),
    snapshots: new SqliteSnapshotReader(database),
    snapshotWriter: new SqliteSnapshotWriter(database),

    epochs: new SqliteEpochTable(database),
    unsettled,
    downLog: new SqliteDownLog(database),
    downLogWriter: new SqliteDownLogWriter(database),
    downTrim: new SqliteDownTrimTable(database),

    channels: new SqliteChannelReader(database),
    channelWriter: new SqliteChannelWriter(database),
    buffers: new SqliteBufferReader(database),
    catalogue: new SqliteCatalogueReader(database),
    catalogueWriter: new SqliteCatalogueWriter(database),
    policies: new SqlitePolicyReader(database),
    policyWriter: new SqlitePolicyWriter(database),
    policyRecalls: new SqlitePolicyRecallTable(database),

    quota: new SqliteQuotaTable(database, availability, unsettled),
    recallDebts: new SqliteRecallDebtTable(database),
    holds: new SqliteHoldReader(database),
    holdWriter: new SqliteHoldWriter(database),
    answers: new SqliteAnswerTable(database),
    reservations: new SqliteReservationReader(database),
    reservationWriter: new SqliteReservationWriter(database),
    orders: new SqliteOrderReader(database),
    orderWriter: new SqliteOrderWriter(database),
    orderFinder: new SqliteOrderFinder(database),
    unknownTasks: new SqliteUnknownTaskTable(database),
    transfers: new SqliteTransferTable(database),
    transferWriter: new SqliteTransferWriter(database),
  };
}
