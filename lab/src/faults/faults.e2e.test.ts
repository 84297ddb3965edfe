import { natsServerBinary } from '@edgestock/shared/testing/nats-server';
import { describe, expect, test } from 'vitest';
import { chosenStore } from '../testing/config.ts';
import { cases } from './cases.ts';
import { reasonToSkip, runCase } from './run-cases.ts';

/**
 * Those that hold the most for their time. The whole lab takes minutes: `npm run faults`; docs/faults.md has its last result.
 */
const CHOSEN = [
  'power-cut-node',
  'disk-fails-under-node',
  'flipped-bits',
  'two-owners',
  'broker-bit-rot',
  'stream-deleted',
  'forged-messages',
];
const natsServer = natsServerBinary();
const store = chosenStore();

describe('real faults to real processes', () => {
  for (const one of cases.filter(({ name }) => CHOSEN.includes(name))) {
    const lack = reasonToSkip(one, store);
    const left = lack === undefined ? '' : ` (left out: ${lack})`;
    // What this machine cannot do is said in the name.
    test.skipIf(lack !== undefined)(`${one.name}: every promise holds${left}`, async () => {
      const { result, told } = await runCase(one, { natsServer, store });
      expect(result, told).toBe('ok');
    });
  }

  test('are all there', () => {
    expect(cases.map(({ name }) => name)).toEqual(expect.arrayContaining(CHOSEN));
  });
});
