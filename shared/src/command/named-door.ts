import { systemClock } from '../runtime/clock.ts';
import { DoorFailed, JsonDoor } from '../runtime/json-door.ts';
import { httpAddress } from './http-address.ts';

/** Where `edgestock up` puts the first node and central when nobody says otherwise. */
export const DEFAULT_NODE = 'http://127.0.0.1:7100';
export const DEFAULT_CENTRAL = 'http://127.0.0.1:7000';

/** Who does not say within this who it is, is as good as down. */
const PATIENCE_MS = 5_000;

/** An address as somebody typed it, and the flag that it was given to. */
export type NamedAddress = { readonly flag: string; readonly address: string };

/** A door, and what it says of itself. */
export type NamedDoor<Status> = { readonly door: JsonDoor; readonly status: Status };

type Warehouse = { readonly warehouse: string };

/** The door of the node that a flag names. Throws `WrongCall` for what is no address, `DoorFailed` for what is no node. */
export async function nodeAt<Status extends Warehouse = Warehouse>(named: NamedAddress): Promise<NamedDoor<Status>> {
  const { door, status } = await askWho(named, DEFAULT_NODE);
  if (isCentral(status))
    throw new DoorFailed(`${door.url} is central`, { hint: `${named.flag} names a node, such as ${DEFAULT_NODE}.` });
  if (!isNode(status)) throw notEdgestock(door.url);
  return { door, status: status as Status };
}

/** The same of central. */
export async function centralAt<Status extends object = object>(named: NamedAddress): Promise<NamedDoor<Status>> {
  const { door, status } = await askWho(named, DEFAULT_CENTRAL);
  if (isNode(status)) {
    throw new DoorFailed(`${door.url} is the node of ${status.warehouse}`, {
      hint: `${named.flag} names central, such as ${DEFAULT_CENTRAL}.`,
    });
  }
  if (!isCentral(status)) throw notEdgestock(door.url);
  return { door, status: status as Status };
}

async function askWho({ flag, address }: NamedAddress, example: string): Promise<NamedDoor<unknown>> {
  const door = new JsonDoor({ url: httpAddress(address, { flag, example }), clock: systemClock });
  return { door, status: await door.ask<unknown>('GET', '/v1/status', { patienceMs: PATIENCE_MS }) };
}

function isNode(status: unknown): status is Warehouse {
  return isObject(status) && 'warehouse' in status && typeof status.warehouse === 'string';
}

function isCentral(status: unknown): boolean {
  return isObject(status) && 'role' in status && status.role === 'central';
}

function isObject(status: unknown): status is object {
  return typeof status === 'object' && status !== null;
}

function notEdgestock(url: string): DoorFailed {
  return new DoorFailed(`what answers at ${url} is not edgestock`, { hint: 'Is the address right?' });
}
