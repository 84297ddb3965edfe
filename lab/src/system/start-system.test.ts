import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectoryUnusable } from '@edgestock/shared/sqlite/data-directory';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { anyPorts, startSystem, warehouseIdsOf } from './start-system.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgestock-system-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('nodes for which there are no ports left are refused in words', async () => {
  const warehouses = warehouseIdsOf(['BER1', 'HAM1']);
  const ports = { ...anyPorts, node: 65_535 };
  const started = startSystem({ dataDirectory: folder, warehouses, ports, logLevel: 'error' });
  await expect(started).rejects.toThrow('2 nodes from port 65535 on are too many');
});

test('a data directory that is a file is told in words, before anything is started', async () => {
  const dataDirectory = join(folder, 'notes.txt');
  writeFileSync(dataDirectory, 'mine');
  const started = startSystem({ dataDirectory, warehouses: [], ports: anyPorts, logLevel: 'error' });
  await expect(started).rejects.toBeInstanceOf(DataDirectoryUnusable);
  await expect(started).rejects.toThrow(`the data directory ${dataDirectory} cannot be made`);
});
