import { killNode } from './cases/01-kill-node.ts';
import { powerCutNode } from './cases/02-power-cut-node.ts';
import { diskFailsUnderNode } from './cases/03-disk-fails-under-node.ts';
import { diskNeverStores } from './cases/03-disk-never-stores.ts';
import { diskRefusesWrites } from './cases/04-disk-refuses-writes.ts';
import { longReader, longReaderMinute } from './cases/05-long-reader.ts';
import { flippedBits } from './cases/06-flipped-bits.ts';
import { truncatedWal } from './cases/07-truncated-wal.ts';
import { twoOwners } from './cases/09-two-owners.ts';
import { daysOffline } from './cases/11-days-offline.ts';
import { clockJumps } from './cases/17-clock-jumps.ts';
import { cablePulled } from './cases/20-cable-pulled.ts';
import { oneWayCuts } from './cases/20-one-way-cuts.ts';
import { halfOpen } from './cases/21-half-open.ts';
import { flappingLink, flappingLinkMinutes } from './cases/22-flapping-link.ts';
import { killBroker } from './cases/23-kill-broker.ts';
import { powerCutBroker } from './cases/24-power-cut-broker.ts';
import { brokerBitRot } from './cases/25-broker-bit-rot.ts';
import { streamDeleted } from './cases/27-stream-deleted.ts';
import { consumerDeleted } from './cases/28-consumer-deleted.ts';
import { brokerDiskFull } from './cases/29-broker-disk-full.ts';
import { brokerFrozen, brokerFrozenLong, brokerFrozenLonger } from './cases/30-broker-frozen.ts';
import { brokerStoreReplaced } from './cases/31-broker-store-replaced.ts';
import { forgedMessages } from './cases/36-forged-messages.ts';
import { killCentral } from './cases/39-kill-central.ts';
import { powerCutCentral } from './cases/42-power-cut-central.ts';
import { reconnectStorm } from './cases/46-reconnect-storm.ts';
import { migrationKilled } from './cases/49-migration-killed.ts';
import { repliesCut } from './cases/56-replies-cut.ts';
import { slowReader, slowReaderMinute } from './cases/63-slow-reader.ts';
import { killDatabase } from './cases/64-kill-database.ts';
import { powerCutDatabase } from './cases/64-power-cut-database.ts';
import { databaseLink } from './cases/65-database-link.ts';
import { databaseDiskFull } from './cases/66-database-disk-full.ts';
import type { FaultCase } from './fault-case.ts';

/** In the order of the catalogue. */
export const cases: readonly FaultCase[] = [
  killNode,
  powerCutNode,
  diskFailsUnderNode,
  diskNeverStores,
  diskRefusesWrites,
  longReader,
  longReaderMinute,
  flippedBits,
  truncatedWal,
  twoOwners,
  daysOffline,
  clockJumps,
  cablePulled,
  oneWayCuts,
  halfOpen,
  flappingLink,
  flappingLinkMinutes,
  killBroker,
  powerCutBroker,
  brokerBitRot,
  streamDeleted,
  consumerDeleted,
  brokerDiskFull,
  brokerFrozen,
  brokerFrozenLong,
  brokerFrozenLonger,
  brokerStoreReplaced,
  forgedMessages,
  killCentral,
  powerCutCentral,
  reconnectStorm,
  migrationKilled,
  repliesCut,
  slowReader,
  slowReaderMinute,
  killDatabase,
  powerCutDatabase,
  databaseLink,
  databaseDiskFull,
];
