import type { Migration } from '@edgestock/shared/sqlite/migrate';

/** A SKU's movements lead from one to the one before; an index of all of them is no longer kept. Append only, like all steps. */
export const sparseMovementIndex: Migration = {
  name: 'waypoints instead of an index of movements by SKU',
  sql: `
      -- Scattered over the assortment, each sale wrote a page of it: a quarter of what a sale cost.
      DROP INDEX IF EXISTS movement_by_sku;
      -- Every 64th place of the log, whichever SKU moved there: about as many steps from a place in the past to the next one.
      CREATE INDEX movement_waypoint ON movement (sku, sequence) WHERE sequence % 64 = 0;
  `,
};

/** The places at an odd prime: whoever sells two things at a time sells the first of them at odd places, and so at none of the others. */
export const waypointsAtPrimePlaces: Migration = {
  name: 'waypoints at every 61st place of the log',
  sql: `
      DROP INDEX movement_waypoint;
      -- Every 61st place of the log, whichever SKU moved there. A prime: what moves in a pattern of any other length gets to all of them.
      CREATE INDEX movement_waypoint ON movement (sku, sequence) WHERE sequence % 61 = 0;
  `,
};
