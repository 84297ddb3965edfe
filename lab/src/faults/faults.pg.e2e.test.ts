import { natsServerBinary } from '@edgestock/shared/testing/nats-server';
import { expect, test } from 'vitest';
import { killDatabase } from './cases/64-kill-database.ts';
import { runCase } from './run-cases.ts';

/** The rest of the lab with central on a server: `npm run faults -- --store postgres`. */
test('central whose database server is killed again and again under traffic keeps every promise', async () => {
  const { result, told } = await runCase(killDatabase, { natsServer: natsServerBinary(), store: 'postgres' });
  expect(result, told).toBe('ok');
});
