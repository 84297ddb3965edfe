import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STORE_FILE } from '@edgestock/central/store/sqlite/central-backup';
import { openCentralReader, openCentralStore } from '@edgestock/central/store/sqlite/open-central-store';
import { NodeLog } from '@edgestock/central/testing/node-log';
import { NodeSnapshot } from '@edgestock/central/testing/node-snapshot';
import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import { LedgerAudit } from '@edgestock/edge-node/store/ledger-audit';
import { verifyBooks } from '@edgestock/edge-node/verify/verify-books';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { PositionDigest } from '@edgestock/shared/inventory/position-digest';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { skuAt } from '../load/goods.ts';
import { OPENING, openingEnd } from './opening-log.ts';
import { prepareCentral } from './prepared-central.ts';
import { prepareNode } from './prepared-node.ts';

const SKUS = 50;
const WAREHOUSES = ['W001', 'W002'];
const [WAREHOUSE] = WAREHOUSES as [WarehouseId];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-prepared-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('a prepared node', () => {
  it('has books that agree, and is no copy of another', async () => {
    prepareNode(directory, { warehouse: WAREHOUSE, skus: SKUS });
    const audit = LedgerAudit.open(directory);
    const verification = await verifyBooks(audit, { onProgress: () => undefined, pause: async () => undefined });
    audit.close();
    expect(verification).toMatchObject({ skus: SKUS, differenceCount: 0, warnings: [] });
    const store = openedNode();
    expect(store.restored).toBeUndefined();
    store.close();
  });

  it('has the positions that a central prepared alike has of it', async () => {
    const central = join(directory, 'central');
    const node = join(directory, 'node');
    await prepareCentral(central, { warehouses: WAREHOUSES, skus: SKUS });
    prepareNode(node, { warehouse: WAREHOUSE, skus: SKUS });
    const [here, there] = [new PositionDigest(WAREHOUSE), new PositionDigest(WAREHOUSE)];
    const store = openedNode(node);
    for (const { sku, position } of store.shelves.page('', SKUS)) here.add(sku, position);
    const { sequence, hash } = store.outbox.head();
    store.close();
    const { reader, close } = openCentralReader(join(central, STORE_FILE));
    for (const position of await reader.positionsOf(WAREHOUSE, undefined, SKUS)) there.add(position.sku, position);
    const record = await reader.warehouse(WAREHOUSE);
    close();
    expect(there.differing(here.bytes())).toEqual([]);
    expect(here.differing(new PositionDigest(WAREHOUSE).bytes())).not.toEqual([]);
    expect(record).toMatchObject({ appliedUpTo: sequence, appliedHash: Buffer.from(hash) });
  });
});

it('a prepared central holds what the snapshots of such nodes leave', async () => {
  await prepareCentral(join(directory, 'prepared'), { warehouses: WAREHOUSES, skus: SKUS });
  const fed = join(directory, STORE_FILE);
  const store = openCentralStore(fed);
  const now = OPENING.at;
  for (const warehouse of WAREHOUSES) {
    const log = new NodeLog(warehouse);
    for (let index = 0; index < SKUS; index += 1) {
      log.stock(skuAt(index), OPENING.onHand);
      log.grant(skuAt(index), OPENING.granted);
    }
    expect(log.head).toBe(openingEnd(warehouse, SKUS).sequence);
    await store.enrol(
      log.warehouse,
      { ...log.enrolRequest(), place: { epoch: 0, sequence: 0, hash: '0'.repeat(64) } },
      now,
    );
    const snapshot = new NodeSnapshot(log, log.head, { rowsPerChunk: SKUS });
    await store.beginSnapshot(log.warehouse, snapshot.offered, now);
    await store.putSnapshotChunk(log.warehouse, snapshot.chunk(0), now);
    const taken = await store.takeSnapshot(log.warehouse, snapshot.asked, now);
    expect(taken).toMatchObject({ reply: { outcome: 'taken' } });
    await store.statePlace(log.warehouse, log.head, now);
  }
  await store.close();
  expect(contentOf(join(directory, 'prepared', STORE_FILE))).toEqual(contentOf(fed));
});

function openedNode(dataDir = directory): EdgeStore {
  return EdgeStore.open({ dataDir, warehouse: WAREHOUSE, clock: systemClock, random: systemRandom });
}

/** All of it but times, hashes and revisions. */
function contentOf(path: string) {
  const database = new Database(path, { readonly: true });
  const position = database
    .prepare(
      `SELECT sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence, log_sequence,
        suspect, granted, allocated, returned_seen, returned, allocated_sent, held FROM position`,
    )
    .all();
  const availability = database.prepare('SELECT sku, channel, unspent, buffer FROM availability').all();
  const node = database.prepare('SELECT warehouse, epoch, applied_up_to FROM node').all();
  const unsettled = database.prepare('SELECT warehouse FROM unsettled').all();
  const indexes = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' ORDER BY name").all();
  database.close();
  return { position, availability, node, unsettled, indexes };
}
