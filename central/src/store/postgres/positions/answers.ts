import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Channel } from '../../../rules/channel.ts';
import { type SkuAvailability, unspentOf, type WarehouseShare } from '../../central-store.ts';
import { POSITION_COLUMNS, type PositionRow, positionRecordOf } from '../../rows/position-row.ts';
import type { Session } from '../session.ts';

type AnswerRow = {
  readonly place: number;
  readonly unspent: number;
  readonly buffer: number;
  readonly answered: number;
};
/** A warehouse that has the SKU; without one there is an answer all the same. */
type ShareRow = PositionRow & { readonly is_unsettled: boolean };
type Row = AnswerRow & (ShareRow | { readonly warehouse: null });

const SHARE_COLUMNS = POSITION_COLUMNS.replaceAll(/\w+/g, 'p.$&');

/** One statement, so that the answers, and the warehouses that make each of them, are of one state. */
const ANSWERS = `
  SELECT asked.place, a.unspent, a.buffer, a.revision AS answered, ${SHARE_COLUMNS}, u.warehouse IS NOT NULL AS is_unsettled
  FROM unnest($1::text[]) WITH ORDINALITY AS asked (sku, place)
    JOIN availability a ON a.sku = asked.sku AND a.channel = $2
    JOIN channel c ON c.channel = a.channel
    LEFT JOIN position p ON p.sku = a.sku
      AND (c.is_all OR p.warehouse IN (SELECT m.warehouse FROM channel_warehouse m WHERE m.channel = $2))
    LEFT JOIN unsettled u ON u.warehouse = p.warehouse
  ORDER BY asked.place, p.warehouse`;

/** What a channel may promise of SKUs, in the order asked; absent is zero. */
export async function answersOf(
  session: Session,
  skus: readonly Sku[],
  channel: Channel,
): Promise<readonly SkuAvailability[]> {
  const rows = await session.rows<Row>(ANSWERS, [skus, channel]);
  const byPlace = Map.groupBy(rows, ({ place }) => place);
  return skus.map((sku, index) => answerOf(sku, byPlace.get(index + 1) ?? []));
}

function answerOf(sku: Sku, rows: readonly Row[]): SkuAvailability {
  const [first] = rows;
  if (first === undefined) return { sku, available: 0, buffer: 0, revision: 0, warehouses: [] };
  const { unspent, buffer, answered: revision } = first;
  const warehouses = rows.flatMap((row) => (row.warehouse === null ? [] : [shareOf(row)]));
  return { sku, available: Math.max(0, unspent - buffer), buffer, revision, warehouses };
}

function shareOf(row: ShareRow): WarehouseShare {
  const position = positionRecordOf(row);
  return { ...position, available: row.is_unsettled ? 0 : unspentOf(position) };
}
