import { openSampleData } from '@edgestock/shared/testing/sample-data';
import { afterEach, expect, test, vi } from 'vitest';
import { skipLines } from './skip-reasons.ts';
import { natsServer, postgres } from './suites.ts';

afterEach(() => vi.unstubAllEnvs());

test('each reason has one line with the number of its tests, the most frequent first', () => {
  vi.stubEnv(natsServer.variable, '/usr/bin/nats-server');
  const { skipReason } = openSampleData('no-such-file.csv');
  const tests = [
    { fullName: 'a mount (left out: needs the right to mount, as root on Linux has it) > fills', project: 'e2e' },
    { fullName: `printed barcodes${skipReason} > are read`, project: 'unit' },
    { fullName: `printed barcodes${skipReason} > are valid`, project: 'unit' },
    { fullName: 'some other test', project: 'nats' },
  ];
  expect(skipLines(tests)).toEqual([
    'skipped 2: ../shared/data/no-such-file.csv is not beside this checkout',
    'skipped 1: needs the right to mount, as root on Linux has it',
    'skipped 1: not asked for, or marked so in the code',
  ]);
});

test('tests of a server that is missing say so', () => {
  vi.stubEnv(natsServer.variable, '');
  expect(skipLines([{ fullName: 'the log goes up', project: 'nats' }])).toEqual([
    'skipped 1: nats-server was not found',
  ]);
});

test('tests of two servers say which of them is missing', () => {
  const told = () => skipLines([{ fullName: 'central on PostgreSQL', project: 'e2e on postgres' }]);
  vi.stubEnv(natsServer.variable, '/usr/bin/nats-server');
  vi.stubEnv(postgres.variable, '');
  expect(told()).toEqual(['skipped 1: PostgreSQL was not found']);
  vi.stubEnv(natsServer.variable, '');
  expect(told()).toEqual(['skipped 1: nats-server and PostgreSQL were not found']);
});

test('a run that skipped nothing has nothing to say', () => {
  expect(skipLines([])).toEqual([]);
});
