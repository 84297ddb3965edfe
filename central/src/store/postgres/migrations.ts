import { catalogueTables } from './catalogue/catalogue-tables.ts';
import { downTables } from './down/down-tables.ts';
import { epochTables } from './epochs/epoch-tables.ts';
import type { Migration } from './migrate.ts';
import { moveColumns } from './move/move-columns.ts';
import { orderTables } from './orders/order-tables.ts';
import { positionTables } from './positions/position-tables.ts';
import { updateRoom } from './positions/update-room.ts';
import { promiseTables } from './promises/promise-tables.ts';
import { sharingTables } from './sharing/sharing-tables.ts';
import { snapshotTables } from './snapshots/snapshot-tables.ts';
import { transferTables } from './transfers/transfer-tables.ts';

/** The schema of central's PostgreSQL store, step by step. Append only: a released step is never edited. */
export const migrations: readonly Migration[] = [
  {
    name: 'the store',
    sql: [
      positionTables,
      epochTables,
      snapshotTables,
      downTables,
      catalogueTables,
      promiseTables,
      orderTables,
      transferTables,
    ].join('\n'),
  },
  { name: 'processes that share it', sql: sharingTables },
  { name: 'moves between engines', sql: moveColumns },
  { name: 'room for updates of positions', sql: updateRoom },
  {
    name: 'id of the store',
    sql: `
      -- Random, made with the store and in every copy of it: restored, moved or put back, it is the same one. That of a store that has had
      -- none is its life, which its backups of that life have too.
      ALTER TABLE meta ADD COLUMN store_id TEXT NOT NULL DEFAULT '';
      UPDATE meta SET store_id = life;
    `,
  },
];
