import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { GracefulServer } from './graceful-server.ts';

const GRACE_MS = 5_000;

async function serving(answer: Parameters<typeof createServer>[1]) {
  const server = createServer(answer);
  const graceful = new GracefulServer(server, { clock: systemClock, graceMs: GRACE_MS });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { graceful, server, port: (server.address() as AddressInfo).port };
}

async function elapsedMs(work: Promise<unknown>): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  await work;
  return systemClock.monotonicMs() - startedMs;
}

it('does not wait for a connection that never asked anything', async () => {
  const { graceful, server, port } = await serving((_request, response) => response.end());
  const spare = connect(port, '127.0.0.1');
  await once(server, 'connection');
  expect(await elapsedMs(graceful.stop())).toBeLessThan(GRACE_MS / 2);
  spare.destroy();
});

it('finishes the answer that is under way, and then closes the kept connection', async () => {
  let answer = () => undefined as unknown;
  const { graceful, port } = await serving((_request, response) => {
    answer = () => response.end('late');
  });
  const asked = fetch(`http://127.0.0.1:${port}/`);
  await expect.poll(() => answer.toString()).toContain('late');
  const stopped = elapsedMs(graceful.stop());
  answer();
  expect(await (await asked).text()).toBe('late');
  expect(await stopped).toBeLessThan(GRACE_MS / 2);
});
