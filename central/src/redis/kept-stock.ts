import { parseSku, parseWarehouseId, type Sku } from '@edgestock/shared/inventory/ids';
import { z } from 'zod';
import { type Channel, parseChannel } from '../rules/channel.ts';
import type { OfferedStock } from '../store/central-store.ts';

/** What one process has read of a SKU and leaves for the others, with the revision up to which it has seen every change before. */
export type KeptStock = { readonly channel: Channel; readonly upTo: number; readonly stock: OfferedStock };

/** Another form of what is kept takes another number, so that releases do not read one another's. */
const FORM = 1;

const units = z.number().int();
/** What is never below zero in a store, and is relied on not to be where answers are packed. */
const count = units.nonnegative();
const isSuspect = z.union([z.literal(0), z.literal(1)]);
const share = z.tuple([z.string(), units, units, units, count, count, isSuspect]);
const kept = z.tuple([z.string(), z.string(), count, count, count, z.array(share)]);

/** Where it is kept. A store that was put back, or moved, has another life, in which its revisions mean something else. */
export function keyOf(life: string, sku: Sku, channel: Channel): string {
  return `edgestock:stock:${FORM}:${life}:${channel},${sku}`;
}

export function encodeKept({ channel, upTo, stock }: KeptStock): string {
  const { sku, revision, available, warehouses } = stock;
  const written: z.input<typeof kept> = [channel, sku, upTo, revision, available, warehouses.map(writtenShare)];
  return JSON.stringify(written);
}

function writtenShare(one: OfferedStock['warehouses'][number]): z.input<typeof share> {
  return [one.warehouse, one.available, one.onHand, one.incoming, one.version, one.sequence, one.isSuspect ? 1 : 0];
}

/** `undefined` of anything that is not what `encodeKept` makes: it comes from outside. */
export function decodeKept(text: string): KeptStock | undefined {
  const read = kept.safeParse(jsonOf(text));
  if (!read.success) return undefined;
  const [channelText, skuText, upTo, revision, available, shares] = read.data;
  const [channel, sku] = [parseChannel(channelText), parseSku(skuText)];
  const warehouses = shares.flatMap(([id, units, onHand, incoming, version, sequence, suspect]) => {
    const warehouse = parseWarehouseId(id);
    return warehouse === undefined
      ? []
      : [{ warehouse, available: units, onHand, incoming, version, sequence, isSuspect: suspect === 1 }];
  });
  if (channel === undefined || sku === undefined || warehouses.length < shares.length) return undefined;
  return { channel, upTo, stock: { sku, revision, available, warehouses } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
