import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Progress } from './progress.ts';

function progressAt(options: { committed: number; applied: number; window?: number }): Progress {
  const progress = new Progress({ ...options, now: 0 });
  progress.hear(options.applied, options.window ?? 1_000, 0);
  return progress;
}

describe('the cursors', () => {
  test('begin at what central is known to have: nobody knows what the broker still holds', () => {
    const progress = progressAt({ committed: 100, applied: 40 });
    expect([progress.sent, progress.brokerAcked, progress.unsent, progress.backlog]).toEqual([40, 40, 60, 60]);
  });

  test('leave no room beyond the window', () => {
    const progress = progressAt({ committed: 100, applied: 40, window: 20 });
    progress.send(55, 1);
    expect(progress.room).toBe(5);
    progress.hear(50, 20, 2);
    expect(progress.room).toBe(15);
    progress.hear(50, 3, 3);
    expect(progress.room).toBe(0);
  });

  test('do not count an acknowledgement as applied', () => {
    const progress = progressAt({ committed: 100, applied: 40 });
    progress.send(60, 1);
    progress.acknowledge(60);
    expect([progress.brokerAcked, progress.applied, progress.isUnderWay]).toEqual([60, 40, true]);
  });

  test('rewind to the place asked for, but never behind what central has', () => {
    const progress = progressAt({ committed: 100, applied: 40 });
    progress.send(90, 1);
    progress.acknowledge(90);
    progress.rewind(10, 2);
    expect([progress.sent, progress.brokerAcked]).toEqual([40, 40]);
  });

  test('wait for movement from the moment something is under way, not from the last quiet hour', () => {
    const progress = progressAt({ committed: 100, applied: 100 });
    progress.commit(101);
    progress.send(101, 3_600_000);
    expect(progress.movedAt).toBe(3_600_000);
    progress.commit(102);
    progress.send(102, 3_700_000);
    expect(progress.movedAt).toBe(3_600_000);
  });

  test('follow a central that was restored from a backup', () => {
    const progress = progressAt({ committed: 100, applied: 90 });
    progress.hear(30, 1_000, 1);
    progress.rewind(30, 1);
    expect([progress.applied, progress.sent]).toEqual([30, 30]);
  });

  test('keep their order whatever happens', () => {
    const step = fc.record({ kind: fc.constantFrom('commit', 'send', 'ack', 'hear', 'rewind'), at: fc.nat(1_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const progress = progressAt({ committed: 0, applied: 0 });
        for (const [now, { kind, at }] of steps.entries()) {
          if (kind === 'commit') progress.commit(progress.committed + (at % 50));
          else if (kind === 'send' && progress.unsent > 0)
            progress.send(progress.sent + 1 + (at % progress.unsent), now);
          else if (kind === 'ack') progress.acknowledge(at);
          else if (kind === 'hear') progress.hear(at % (progress.committed + 1), 100, now);
          else if (kind === 'rewind') progress.rewind(at, now);
          expect(progress.committed).toBeGreaterThanOrEqual(progress.sent);
          expect(progress.sent).toBeGreaterThanOrEqual(progress.brokerAcked);
          expect(progress.sent).toBeGreaterThanOrEqual(progress.applied);
        }
      }),
    );
  });
});
