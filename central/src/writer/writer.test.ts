import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { channelOf } from '../store/contract-fixture.contract.ts';
import { Writer } from './writer.ts';

const SOON = { timeout: 30_000, interval: 20 };

test('a writer that starts again says why and since when, until it is ready', { timeout: 90_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'edgestock-writer-'));
  const path = join(directory, 'central.db');
  const writer = new Writer(
    { natsUrls: ['nats://127.0.0.1:1'], store: { kind: 'sqlite', path }, logLevel: 'silent' },
    {
      ...{ clock: systemClock, random: systemRandom, log: silentLog, onDamaged: expect.fail },
      onLasting: (error) => expect.fail(error.message),
    },
  );
  await writer.ready;
  const another = new Database(path);
  another.exec("CREATE TRIGGER refusal BEFORE INSERT ON channel BEGIN SELECT RAISE(ABORT, 'a mistake of ours'); END");
  const record = { channel: channelOf('shop'), warehouses: 'all', buffer: 0 } as const;
  await expect(writer.promise({ command: 'set-channel', record })).rejects.toMatchObject({ failure: 'interrupted' });
  await expect
    .poll(() => writer.setback, SOON)
    .toMatchObject({ since: expect.any(Number), reason: 'a mistake of ours' });
  another.exec('DROP TRIGGER refusal');
  another.close();
  await expect.poll(() => writer.setback, SOON).toBeUndefined();
  await writer.stop();
  rmSync(directory, { recursive: true });
});
