import { connect, type JetStreamManager, type NatsConnection } from 'nats';

export type JetStreamHand = { readonly connection: NatsConnection; readonly manager: JetStreamManager };

/** Speaks to the broker as an administrator, or an attacker, would. */
export async function atBroker<Result>(port: number, act: (hand: JetStreamHand) => Promise<Result>): Promise<Result> {
  const connection = await connect({ servers: `nats://127.0.0.1:${port}`, name: 'fault lab' });
  try {
    return await act({ connection, manager: await connection.jetstreamManager() });
  } finally {
    await connection.close();
  }
}

/** Names of all streams, and of the consumers of each. */
export async function streamsAndConsumers({ manager }: JetStreamHand): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for await (const { config } of manager.streams.list()) {
    const names: string[] = [];
    for await (const { name } of manager.consumers.list(config.name)) names.push(name);
    found.set(config.name, names);
  }
  return found;
}
