import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GoldenLog, goldenLog } from '@edgestock/shared/testing/golden-log';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyBatch } from '../../ingest/verify-batch.ts';
import { DEFAULT_CHANNEL } from '../../rules/channel.ts';
import { skuOf, warehouseOf } from '../../testing/node-log.ts';
import { migrations } from './migrations.ts';
import { type OpenReader, openCentralReader, openCentralStore } from './open-central-store.ts';

/**
 * Stores that centrals of earlier releases left behind, as SQL, with what the nodes in shared/testing/golden-log had told them.
 * They are never changed.
 */
const stores: readonly { readonly step: number; readonly golden: GoldenLog; readonly available: object }[] = [
  // It offered what lay there; since quotas a central offers what it was granted, which was nothing yet.
  { step: 1, golden: goldenLog(1), available: { tea: 0, mug: 0, cake: 0 } },
  { step: 16, golden: goldenLog(2), available: { tea: 20, mug: 6, cake: 1 } },
];
const warehouse = warehouseOf('BER1');

let directory: string;
let store: ReturnType<typeof openCentralStore>;
let open: OpenReader;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-golden-'));
});
afterEach(async () => {
  open.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

function openLeftBehind(step: number): void {
  const path = join(directory, 'central.db');
  const database = new Database(path);
  database.pragma('foreign_keys = OFF');
  database.exec(readFileSync(join(import.meta.dirname, `../../testing/golden-stores/step-${step}.sql`), 'utf8'));
  expect(database.pragma('user_version', { simple: true })).toBe(step);
  database.close();
  store = openCentralStore(path);
  open = openCentralReader(path);
}

describe.each(stores)('the store of a central whose schema ended at step $step', ({ step, golden, available }) => {
  const { sequence, hash } = golden.heartbeat.place;
  beforeEach(() => openLeftBehind(step));

  it('is opened and brought up to date: cursor, positions and answers are those of it', async () => {
    expect(step).toBeLessThan(migrations.length);
    const record = await store.warehouse(warehouse);
    expect(record).toMatchObject({ epoch: 1, instance: golden.heartbeat.instance, appliedUpTo: sequence });
    expect(Buffer.from(record?.appliedHash ?? []).toString('hex')).toBe(hash);
    expect(await store.positionsOf(warehouse, undefined, 10)).toEqual(
      golden.positions.map(({ sku, version, sequence: at, onHand, unsellable, reserved }) =>
        expect.objectContaining({ sku, version, sequence: at, onHand, unsellable, reserved }),
      ),
    );
    const answers: Record<string, number> = {};
    for (const { sku } of golden.positions) {
      answers[sku] = (await open.reader.availability(skuOf(sku), DEFAULT_CHANNEL)).available;
    }
    expect(answers).toEqual(available);
  });

  it('knows again what its node sends once more, and enrols the node as it was', async () => {
    const batches = golden.up.map((bytes) => {
      const verification = verifyBatch(warehouse, bytes);
      if (verification.outcome === 'rejected') throw new Error(verification.fault);
      return verification.value;
    });
    const { outcomes } = await store.applyBatches(batches, 1_900_000_000_000);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['duplicate']));
    const request = { ...golden.enrolment, place: golden.heartbeat.place };
    expect(await store.enrol(warehouse, request, 1_900_000_000_000)).toMatchObject({ outcome: 'enrolled', epoch: 1 });
  });
});
