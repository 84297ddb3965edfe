import type { Tables } from '../tables/tables.ts';
import { PostgresBufferReader } from './catalogue/buffer-table.ts';
import { PostgresCatalogueReader, PostgresCatalogueWriter } from './catalogue/catalogue-table.ts';
import { KnownChannels } from './catalogue/known-channels.ts';
import { PostgresPolicyRecallTable } from './catalogue/policy-recall-table.ts';
import { PostgresPolicyReader, PostgresPolicyWriter } from './catalogue/policy-table.ts';
import { PostgresDownLog, PostgresDownLogWriter } from './down/down-log.ts';
import { PostgresDownTrimTable } from './down/down-trim-table.ts';
import { PostgresEpochTable } from './epochs/epoch-table.ts';
import { PostgresUnsettledTable } from './epochs/unsettled-table.ts';
import { PostgresOrderFinder } from './orders/order-finder.ts';
import { PostgresOrderReader, PostgresOrderWriter } from './orders/order-table.ts';
import { PostgresUnknownTaskTable } from './orders/unknown-task-table.ts';
import { PostgresAvailabilityWriter } from './positions/availability-table.ts';
import { PostgresBatchLog, PostgresBatchLogWriter } from './positions/batch-log.ts';
import { PostgresLifeReader, PostgresLifeWriter } from './positions/life-table.ts';
import { PostgresNodeReader, PostgresNodeWriter } from './positions/node-table.ts';
import { PostgresPositionDigestTable } from './positions/position-digest-table.ts';
import { PostgresPositionRepairTable } from './positions/position-repair-table.ts';
import { PostgresPositionWriter } from './positions/position-table.ts';
import { PostgresQuarantineTable } from './positions/quarantine-table.ts';
import { PostgresAnswerTable } from './promises/answer-table.ts';
import { PostgresHoldReader, PostgresHoldWriter } from './promises/hold-table.ts';
import { PostgresQuotaTable } from './promises/quota-table.ts';
import { PostgresRecallDebtTable } from './promises/recall-debt-table.ts';
import { PostgresReservationReader, PostgresReservationWriter } from './promises/reservation-table.ts';
import type { Session, WritingSession } from './session.ts';
import { PostgresSnapshotReader, PostgresSnapshotWriter } from './snapshots/snapshot-table.ts';
import { PostgresTransferTable, PostgresTransferWriter } from './transfers/transfer-table.ts';

/** The tables as the transaction that runs sees them; what is read between transactions is read on `reads`. */
export function postgresTables(session: WritingSession, reads: Session): Tables {
  const channels = new KnownChannels(session);
  const unsettled = new PostgresUnsettledTable(session);
  const availability = new PostgresAvailabilityWriter(session, { channels, unsettled });
  return {
    nodes: new PostgresNodeReader(session),
    nodeWriter: new PostgresNodeWriter(session),
    batchLog: new PostgresBatchLog(session),
    batchLogWriter: new PostgresBatchLogWriter(session),
    lives: new PostgresLifeReader(session),
    lifeWriter: new PostgresLifeWriter(session),
    positions: new PostgresPositionWriter(session, availability),
    positionRepair: new PostgresPositionRepairTable(session),
    positionDigests: new PostgresPositionDigestTable(session, reads),
    availability,
    quarantine: new PostgresQuarantineTable(session),
    snapshots: new PostgresSnapshotReader(session),
    snapshotWriter: new PostgresSnapshotWriter(session),

    epochs: new PostgresEpochTable(session),
    unsettled,
    downLog: new PostgresDownLog(session),
    downLogWriter: new PostgresDownLogWriter(session),
    downTrim: new PostgresDownTrimTable(session),

    channels,
    channelWriter: channels,
    buffers: new PostgresBufferReader(session),
    catalogue: new PostgresCatalogueReader(session),
    catalogueWriter: new PostgresCatalogueWriter(session),
    policies: new PostgresPolicyReader(session),
    policyWriter: new PostgresPolicyWriter(session),
    policyRecalls: new PostgresPolicyRecallTable(session),

    quota: new PostgresQuotaTable(session, availability, unsettled),
    recallDebts: new PostgresRecallDebtTable(session),
    holds: new PostgresHoldReader(session),
    holdWriter: new PostgresHoldWriter(session),
    answers: new PostgresAnswerTable(session),
    reservations: new PostgresReservationReader(session),
    reservationWriter: new PostgresReservationWriter(session),
    orders: new PostgresOrderReader(session),
    orderWriter: new PostgresOrderWriter(session),
    orderFinder: new PostgresOrderFinder(session),
    unknownTasks: new PostgresUnknownTaskTable(session),
    transfers: new PostgresTransferTable(session),
    transferWriter: new PostgresTransferWriter(session),
  };
}
