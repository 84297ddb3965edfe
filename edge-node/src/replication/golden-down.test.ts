import { chainHash, genesisHash } from '@edgestock/shared/protocol/chain';
import { heartbeatReply } from '@edgestock/shared/protocol/control';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { packed, sealed, unpackArray } from '@edgestock/shared/protocol/packing';
import { PROTOCOL_MAJOR, SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import { goldenLog } from '@edgestock/shared/testing/golden-log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';
import { judgeDown } from './judge-down.ts';
import { judgeReply } from './judge-reply.ts';

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.dispose());

/** As the consumer does it with a message. */
async function carryOut(bytes: Uint8Array): Promise<string> {
  const { warehouse } = site.store.outbox.identity();
  const judged = judgeDown(bytes, { warehouse, cursor: site.inbox.cursor(), centralEpoch: 1 });
  if (judged.judgement === 'apply') await site.inbox.carryOut(judged.run);
  return judged.judgement;
}
const cursor = () => {
  const { hash, ...rest } = site.inbox.cursor();
  return { ...rest, hash: Buffer.from(hash).toString('hex') };
};

describe.each([2, 3] as const)('a central that writes schema %i', (schema) => {
  it('is understood: its log is carried out whole, and the cursor is where a node of that release had it', async () => {
    const { down, heartbeat } = goldenLog(schema);
    for (const bytes of down) expect(await carryOut(bytes)).toBe('apply');
    expect(cursor()).toEqual(heartbeat.down);
    expect(site.ledger.view.openExceptions(0, 9)).toEqual([]);
    for (const bytes of down) expect(await carryOut(bytes)).toBe('duplicate');
  });
});

describe('a central of the next schema', () => {
  const NEXT = SCHEMA_MAX + 1;

  /** Fields behind those of today in message and directive, and a kind that nobody knows. */
  function nextMessage(): Uint8Array {
    const safety = encodeDirective({ kind: 'sku-policy', rules: [{ sku: sku('A'), safetyStock: 3 }] });
    const directives = [packed([...unpackArray(safety, 1), 'more of tomorrow']), packed([99, 'tomorrow']), safety];
    const hashLast = directives.reduce<Uint8Array>((hash, bytes) => chainHash(hash, bytes), genesisHash);
    const fields = [PROTOCOL_MAJOR, 'BER1', 1, 1, directives.length, genesisHash, hashLast, NEXT, directives];
    return sealed([...fields, 'more of tomorrow']);
  }

  it('is carried out as far as it is known; what is not, is kept as it came, shown, and holds up nothing', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 5 }]);
    expect(await carryOut(nextMessage())).toBe('apply');
    expect(cursor()).toMatchObject({ centralEpoch: 1, sequence: 3 });
    expect(site.position('A')).toMatchObject({ onHand: 5, safetyStock: 3 });
    expect(site.ledger.view.openExceptions(0, 9).filter(({ kind }) => kind === 'directive-refused')).toMatchObject([
      { directive: { sequence: 2, reason: expect.any(String) } },
    ]);
  });

  it.each([
    ['that still reads ours, goes on with it', [SCHEMA_MAX, NEXT], 'go-on'],
    ['that reads ours no longer, stops it with what to do', [NEXT, NEXT], 'fence'],
  ] as const)('%s', (_, schema, judgement) => {
    const words = {
      applied: 0,
      hash: '0'.repeat(64),
      centralEpoch: 1,
      schema,
      time: 1,
      window: 100,
      tomorrow: { a: 1 },
    };
    const { data } = heartbeatReply.safeParse(words);
    const judged =
      data &&
      judgeReply(data, {
        ...{ committed: 0, sent: 0, applied: 0, movedAt: 0, rewound: undefined, firstSequence: 1, now: 0 },
        hashAtApplied: undefined,
        schema: SCHEMA_MAX,
      });
    expect(judged?.judgement).toBe(judgement);
    if (judged?.judgement === 'fence') expect(judged.hint).toContain('upgrade the older side');
  });
});
