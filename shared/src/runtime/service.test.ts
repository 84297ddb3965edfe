import { expect, it } from 'vitest';
import { ServiceStack } from './service.ts';

it('stops in the reverse order of the start, once, and gives every service its chance', async () => {
  const stopped: string[] = [];
  const stack = new ServiceStack();
  const service = (name: string, fails = false) =>
    stack.add(name, {
      stop: async () => {
        stopped.push(name);
        if (fails) throw new Error(`${name} is stuck`);
      },
    });
  service('store');
  service('ledger', true);
  service('http');
  await expect(stack.stop()).rejects.toThrow('some services did not stop cleanly');
  await expect(stack.stop()).rejects.toThrow(AggregateError);
  expect(stopped).toEqual(['http', 'ledger', 'store']);
});
