import { beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import { PendingPromises } from './pending-promises.ts';
import type { PromiseRequest } from './writer-messages.ts';

const command: PromiseCommand = { command: 'confirm', reservation: 'R' };
const outcome: PromiseOutcome = { outcome: 'set' };
const turn = () => new Promise((resolve) => setImmediate(resolve));

let pending: PendingPromises;
let sent: (readonly PromiseRequest[])[];

beforeEach(() => {
  pending = new PendingPromises();
  sent = [];
  pending.open((requests) => sent.push(requests));
});

it('what is asked in one turn crosses together, and each answer finds its asker', async () => {
  const [first, second] = [pending.put(command), pending.put({ command: 'sweep', limit: 1 })];
  await turn();
  expect(sent).toHaveLength(1);
  const ids = sent.flat().map(({ id }) => id);
  pending.answer([
    { id: ids[1] ?? 0, failure: 'busy', reason: 'too much' },
    { id: ids[0] ?? 0, outcome },
  ]);
  expect(await first).toBe(outcome);
  await expect(second).rejects.toMatchObject({ failure: 'busy' });
  expect(pending.size).toBe(0);
});

it('everyone who waits hears when the thread is gone, and nothing is kept for the next one', async () => {
  const asked = pending.put(command).catch((error: unknown) => error);
  await turn();
  const unsent = pending.put(command).catch((error: unknown) => error);
  pending.close('restarting');
  expect(await asked).toMatchObject({ failure: 'interrupted', retryable: true });
  expect(await unsent).toMatchObject({ failure: 'interrupted' });
  await expect(pending.put(command)).rejects.toMatchObject({ failure: 'restarting' });
  const next: (readonly PromiseRequest[])[] = [];
  pending.open((requests) => next.push(requests));
  await turn();
  expect(next).toEqual([]);
  pending.answer([{ id: 1, outcome }]);
});

it('refuses beyond its bound before anything crosses', async () => {
  const waiting = Array.from({ length: centralLimits.promisesWaitingMax }, () =>
    pending.put(command).catch((error: unknown) => error),
  );
  await expect(pending.put(command)).rejects.toMatchObject({ failure: 'busy' });
  pending.close('stopping');
  await Promise.all(waiting);
});
