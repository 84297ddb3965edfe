import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuseUnwritable } from './results-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgestock-results-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a file in a folder that is not there, and a folder itself, are refused', async () => {
  await expect(refuseUnwritable(join(folder, 'missing', 'figures.json'))).rejects.toBeInstanceOf(WrongCall);
  await expect(refuseUnwritable(folder)).rejects.toBeInstanceOf(WrongCall);
});

test('a file that is there keeps what is in it', async () => {
  const file = join(folder, 'figures.json');
  writeFileSync(file, '[]');
  await refuseUnwritable(file);
  expect(readFileSync(file, 'utf8')).toBe('[]');
});
