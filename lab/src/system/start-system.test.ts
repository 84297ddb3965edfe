import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectoryUnusable } from '@edgestock/shared/sqlite/data-directory';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { anyPorts, startSystem } from './start-system.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgestock-system-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a data directory that is a file is told in words, before anything is started', async () => {
  const dataDirectory = join(folder, 'notes.txt');
  writeFileSync(dataDirectory, 'mine');
  const started = startSystem({ dataDirectory, warehouses: [], ports: anyPorts, logLevel: 'error' });
  await expect(started).rejects.toBeInstanceOf(DataDirectoryUnusable);
  await expect(started).rejects.toThrow(`the data directory ${dataDirectory} cannot be made`);
});
