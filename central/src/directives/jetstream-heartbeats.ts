import { parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { heartbeatRequest } from '@edgestock/shared/protocol/control';
import { anyHeartbeat, warehouseOfSubject } from '@edgestock/shared/protocol/subjects';
import { parsedJson } from '@edgestock/shared/runtime/parsed-json';
import type { Service } from '@edgestock/shared/runtime/service';
import { Events, type NatsConnection } from 'nats';
import type { NodeDownCursor } from './judge-cursor.ts';

/** Hears the heartbeats that another process answers, for what they say of the log down. */
export class JetStreamHeartbeats implements Service {
  readonly #unsubscribe: () => void;

  constructor(
    connection: NatsConnection,
    listener: {
      readonly onDownCursor: (warehouse: WarehouseId, cursor: NodeDownCursor) => void;
      /** The link was cut, or came back; the connection given is a link that is up. */
      readonly onLink: (isUp: boolean) => void;
    },
  ) {
    const subscription = connection.subscribe(anyHeartbeat, {
      callback: (error, message) => {
        // The connection tells of its own end.
        if (error !== null) return;
        const warehouse = parseWarehouseId(warehouseOfSubject(message.subject));
        const { data } = heartbeatRequest.safeParse(parsedJson(message.string()));
        if (warehouse === undefined || data?.warehouse !== warehouse || data.down === undefined) return;
        listener.onDownCursor(warehouse, data.down);
      },
    });
    this.#unsubscribe = () => subscription.unsubscribe();
    void watchLink(connection, listener.onLink);
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
  }
}

async function watchLink(connection: NatsConnection, onLink: (isUp: boolean) => void): Promise<void> {
  for await (const { type } of connection.status()) {
    if (type === Events.Disconnect) onLink(false);
    if (type === Events.Reconnect) onLink(true);
  }
}
